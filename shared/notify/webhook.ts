/** Any receiver of one's own: the alert as JSON, signed so that the receiver knows who sent it and that it is not an old one. */
import { createHmac } from 'node:crypto';
import type { Deps } from '../deps.ts';
import { alertView } from './alert-view.ts';
import { type Channel, type Told, titleOf } from './channel.ts';
import { isSafeAddress, type PostLimits, post } from './post.ts';

const urlName = 'webhook-url';
const keyName = 'webhook-secret';

export function createWebhook({ secret }: Pick<Deps, 'secret'>, limits: PostLimits): Channel {
  return {
    name: 'webhook',
    send: async (told) => {
      const url = (await secret(urlName))?.trim();
      if (!url) return { kind: 'not_configured', reason: `there is no secret ${urlName}` };
      const key = await secret(keyName);
      if (!key)
        return {
          kind: 'failed',
          reason: `there is no secret ${keyName}: nothing is sent without a signature`,
        };
      if (!isSafeAddress(url))
        return { kind: 'failed', reason: `the secret ${urlName} is no https:// address` };
      const body = JSON.stringify(webhookMessage(told));
      const timestamp = Math.floor(told.now / 1000);
      const headers = {
        'content-type': 'application/json',
        'tidemark-timestamp': String(timestamp),
        'tidemark-signature': `v1=${signatureOf(key, timestamp, body)}`,
      };
      return post({ url, headers, body, secrets: [url, key] }, limits);
    },
  };
}

/** `id` is the same however often one event is sent. */
function webhookMessage(told: Told) {
  const { id } = told.alert;
  return {
    id: `${id}/${told.event}/${told.alert.toldAt}`,
    event: told.event,
    title: titleOf(told),
    alert: alertView(told.alert),
  };
}

/**
 * HMAC-SHA256 of `timestamp.body`, hex. A receiver computes the same over the bytes it got, compares in constant time, and refuses
 * timestamps more than five minutes from its own clock.
 *
 * @param timestamp Unix seconds
 */
function signatureOf(key: string, timestamp: number, body: string): string {
  return createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex');
}
