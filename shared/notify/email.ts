/** Mail, by a topic that people subscribe to: plain text under a subject that every mail server takes. */
import { type Channel, plainText, type Told, titleOf } from './channel.ts';
import type { Sent } from './post.ts';

interface PlainMessage {
  /** ASCII, 1 to 100 characters, one line. */
  readonly subject: string;
  readonly text: string;
}

/** @returns as a channel does */
export type SendMail = (message: PlainMessage) => Promise<Sent>;

/** @param sendMail absent where there is no topic */
export function createEmail(sendMail: SendMail | undefined): Channel {
  return {
    name: 'email',
    send: async (told) =>
      sendMail
        ? sendMail({ subject: subjectOf(told), text: plainText(told) })
        : { kind: 'not_configured', reason: 'there is no topic for mail' },
  };
}

/** @example subjectOf(told) // '[prod] CRITICAL PsiCritical of stones' */
function subjectOf(told: Told): string {
  const ascii = `[${told.env}] ${titleOf(told)}`
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^ -~]/gu, '?');
  return ascii.length <= 100 ? ascii : `${ascii.slice(0, 97)}...`;
}
