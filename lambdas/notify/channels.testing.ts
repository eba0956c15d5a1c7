/** Slack, PagerDuty and a webhook as servers on loopback, and the function that tells them. */
import { functions } from '#shared/api/surface.ts';
import type { SendMail } from '#shared/notify/email.ts';
import type { PostLimits } from '#shared/notify/post.ts';
import { type Receiver, startReceiver } from '#shared/notify/receiver.testing.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import type { MemoryDeps } from '#shared/testing/memory-deps.ts';
import { createNotifyHandler } from './handler.ts';

export type Mail = Parameters<SendMail>[0];

export interface Channels {
  readonly slack: Receiver;
  readonly pager: Receiver;
  readonly hook: Receiver;
  /** As new: nothing received, and 200 for whatever comes. */
  forget(): void;
  close(): Promise<unknown>;
}

export async function startChannels(): Promise<Channels> {
  const [slack, pager, hook] = await Promise.all([startReceiver(), startReceiver(), startReceiver()]);
  const all = [slack, pager, hook];
  return {
    ...{ slack, pager, hook },
    forget() {
      for (const one of all) {
        one.got.length = 0;
        one.answers = [{ status: 200 }];
      }
    },
    close: () => Promise.all(all.map((one) => one.close())),
  };
}

export const limits: PostLimits = { timeoutMs: 5000, budgetMs: 10_000, tries: 3, backoffMs: 5 };

/** With the rights it is deployed with. @param mails where mail goes */
export const notifyFor = (deps: MemoryDeps, mails: Mail[], impatience: Partial<PostLimits> = {}) =>
  createNotifyHandler(guardedDeps(deps, functions.notify.access), {
    limits: { ...limits, ...impatience },
    sendMail: async (message) => {
      mails.push(message);
      return { kind: 'sent' };
    },
  });
