/** Every minute: figures of the store → remote write. Without a receiver it does nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import { createAwsCredentials } from '#shared/aws/credentials.ts';
import { createSignature } from '#shared/aws/signature.ts';
import type { Deps } from '#shared/deps.ts';
import { createCollector } from '#shared/metrics/collect.ts';
import { createPublisher, type Published } from '#shared/metrics/publish.ts';
import { type SendOptions, send } from '#shared/remote-write/send.ts';

const nowhere: Published = {
  published: 0,
  rejected: 0,
  undelivered: 0,
  reason: 'REMOTE_WRITE_URL is not set',
};

export function createPublishHandler(deps: Deps): () => Promise<Published> {
  const url = deps.settings.REMOTE_WRITE_URL;
  if (url === undefined) return async () => nowhere;
  const options: SendOptions = { url: new URL(url), sign: signer(deps), now: deps.now, wait };
  const publish = createPublisher(deps, createCollector(deps), (body, until) => send(body, until, options));
  return async () => {
    const result = await publish();
    deps.log('debug', 'metrics published', { ...result });
    return result;
  };
}

/** AMP wants a signature, and its host names the region; any other receiver is signed for only when a region is set. */
function signer({ settings }: Deps): SendOptions['sign'] {
  const { REMOTE_WRITE_URL = '', REMOTE_WRITE_REGION } = settings;
  const amp = /^https:\/\/aps-workspaces\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?\//.exec(REMOTE_WRITE_URL);
  const region = REMOTE_WRITE_REGION ?? amp?.[1];
  return region === undefined
    ? undefined
    : createSignature({ service: 'aps', region, credentials: createAwsCredentials() });
}
