/** A topic's message, an event "alerts changed" or the minute's clock → the alert log → Slack, PagerDuty, mail, webhook. */

import { createAwsCredentials } from '#shared/aws/credentials.ts';
import { createSignature } from '#shared/aws/signature.ts';
import { createTopicMail, regionOf } from '#shared/aws/topic-mail.ts';
import { forgetCanary } from '#shared/canary/forget.ts';
import type { Deps } from '#shared/deps.ts';
import { escalateOverdue } from '#shared/notify/answer.ts';
import type { Channel } from '#shared/notify/channel.ts';
import { type Delivered, deliverDue } from '#shared/notify/deliver.ts';
import { createEmail, type SendMail } from '#shared/notify/email.ts';
import { createPagerDuty } from '#shared/notify/pagerduty.ts';
import { defaultLimits, type PostLimits } from '#shared/notify/post.ts';
import { receive } from '#shared/notify/receive.ts';
import { createSlack } from '#shared/notify/slack.ts';
import { readTopicMessage, topicMessages } from '#shared/notify/topic-message.ts';
import { unreadable } from '#shared/notify/unreadable.ts';
import { createWebhook } from '#shared/notify/webhook.ts';

/** Of the function's two minutes: what begins before then has ended before they are over. */
const sendMs = 60_000;

interface Notified extends Delivered {
  /** Alerts that a message changed. */
  readonly received: number;
  readonly escalated: number;
}

interface NotifyOptions {
  readonly limits?: PostLimits;
  /** @default to the topic that the settings name; where they name none, nobody is told by mail */
  readonly sendMail?: SendMail | undefined;
}

/** @returns a handler that throws only when the table fails: then the message is delivered again */
export function createNotifyHandler(
  deps: Deps,
  { limits = defaultLimits, sendMail = topicMail(deps, limits) }: NotifyOptions = {},
): (event: unknown) => Promise<Notified> {
  const channels: readonly Channel[] = [
    createPagerDuty(deps, limits),
    createSlack(deps, limits),
    createWebhook(deps, limits),
    createEmail(sendMail),
  ];
  return async (event) => {
    const until = performance.now() + sendMs;
    let received = 0;
    for (const message of topicMessages(event)) {
      const read = readTopicMessage(message, deps.now());
      // whatever it was, somebody meant to be heard
      const notices =
        read.refused.length > 0 ? [...read.notices, unreadable(read.refused, deps.now())] : read.notices;
      received += (await receive(deps, { ...read, notices })).length;
    }
    await forgetCanary(deps);
    const escalated = await escalateOverdue(deps);
    const delivered = await deliverDue(deps, channels, () => performance.now() > until);
    return { received, escalated, ...delivered };
  };
}

function topicMail({ settings, now }: Deps, limits: PostLimits): SendMail | undefined {
  const topicArn = settings.NOTIFY_TOPIC_ARN;
  if (topicArn === undefined) return undefined;
  const sign = createSignature({
    service: 'sns',
    region: regionOf(topicArn),
    credentials: createAwsCredentials(),
  });
  return createTopicMail({ topicArn, sign, limits, now });
}
