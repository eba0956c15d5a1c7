/** Every minute, and once a window is judged: figures of the store → remote write. Without a receiver it does nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { createAwsCredentials } from '#shared/aws/credentials.ts';
import { createSignature } from '#shared/aws/signature.ts';
import type { Deps } from '#shared/deps.ts';
import { createCollector } from '#shared/metrics/collect.ts';
import { createPublisher, type Published } from '#shared/metrics/publish.ts';
import { createAuthorization } from '#shared/remote-write/authorization.ts';
import { type SendOptions, send } from '#shared/remote-write/send.ts';

const nowhere: Published = {
  published: 0,
  rejected: 0,
  undelivered: 0,
  reason: 'REMOTE_WRITE_URL is not set',
};

const newsSchema = z.object({ 'detail-type': z.literal('WindowJudged') });

/** Of whoever calls: aborted when it wants no more waiting. */
interface Caller {
  readonly signal?: AbortSignal;
}

export function createPublishHandler(deps: Deps): (event?: unknown, caller?: Caller) => Promise<Published> {
  const url = deps.settings.REMOTE_WRITE_URL;
  if (url === undefined) return async () => nowhere;
  const options: SendOptions = { ...senderOf(deps, new URL(url)), now: deps.now, wait };
  const publish = createPublisher(deps, createCollector(deps), (body, until) => send(body, until, options));
  return async (event, { signal } = {}) => {
    const isNews = newsSchema.safeParse(event).success;
    const result = await publish(isNews ? 'news' : 'clock', (ms) =>
      wait(ms, undefined, signal && { signal }).catch(() => undefined),
    );
    if (result.rejected + result.undelivered > 0)
      deps.measure('UndeliveredSeries', result.rejected + result.undelivered);
    deps.log('debug', 'metrics published', { ...result });
    return result;
  };
}

/**
 * AMP wants a signature, and its host names the region; any other receiver is signed for only when a region is set. Without a
 * signature the secrets say what the receiver wants.
 */
function senderOf(deps: Deps, given: URL): Pick<SendOptions, 'url' | 'sign' | 'forget'> {
  const amp = /^aps-workspaces\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(given.hostname);
  const region = deps.settings.REMOTE_WRITE_REGION ?? amp?.[1];
  const url = new URL(given);
  url.username = '';
  url.password = '';
  if (region === undefined) return { url, ...createAuthorization(deps, given) };
  if (url.href !== given.href)
    throw new Error(
      'REMOTE_WRITE_URL has a user or a password, and a receiver of that region wants a signature',
    );
  let credentials = createAwsCredentials();
  return {
    url,
    sign: createSignature({ service: 'aps', region, credentials: () => credentials() }),
    forget: () => {
      credentials = createAwsCredentials();
    },
  };
}
