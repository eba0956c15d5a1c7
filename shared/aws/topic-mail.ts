/** One message to a topic of SNS, by its query API: a POST that is signed, and no SDK for it. */
import { type PostLimits, post, type Sent } from '../notify/post.ts';
import type { Sign } from './signature.ts';

interface TopicMailOptions {
  readonly topicArn: string;
  readonly sign: Sign;
  readonly limits: PostLimits;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** @default the service's own address in the topic's region */
  readonly endpoint?: string;
}

/** @example regionOf('arn:aws:sns:eu-west-1:111122223333:notices') // 'eu-west-1' */
export const regionOf = (topicArn: string): string => topicArn.split(':')[3] ?? '';

/**
 * @returns sends one message; the subject must be ASCII of at most 100 characters, the text at most 256 KB
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function createTopicMail({ topicArn, sign, limits, now, endpoint }: TopicMailOptions) {
  const domain = topicArn.startsWith('arn:aws-cn:') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = new URL(endpoint ?? `https://sns.${regionOf(topicArn)}.${domain}/`);
  return async ({ subject, text }: { readonly subject: string; readonly text: string }): Promise<Sent> => {
    const body = new URLSearchParams({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: topicArn,
      Subject: subject,
      Message: text,
    }).toString();
    const plain = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const signed = await sign(
      { method: 'POST', url, headers: plain, body: Buffer.from(body) },
      new Date(now()),
    );
    const { host: _, ...headers } = signed as Record<string, string>;
    return post({ url: url.href, headers, body, secrets: [] }, limits);
  };
}
