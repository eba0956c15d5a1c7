/** What arrives over a topic: messages of an Alertmanager, alarms of CloudWatch, the budget's plain text. */
import * as z from 'zod';
import { type ReadMessage, readAlertmanager } from './alertmanager-message.ts';
import { noticeOf } from './notice.ts';

const recordSchema = z.object({
  MessageId: z.string().default('unknown'),
  Subject: z.string().nullish(),
  Message: z.string(),
  Timestamp: z.string().default(''),
});
const eventSchema = z.object({ Records: z.array(z.object({ Sns: recordSchema })).min(1) });

type TopicMessage = z.infer<typeof recordSchema>;

/** The messages of a topic's event, or the one of an envelope that was put back by hand; none for any other event. */
export function topicMessages(event: unknown): readonly TopicMessage[] {
  const records = eventSchema.safeParse(event);
  if (records.success) return records.data.Records.map(({ Sns }) => Sns);
  const envelope = recordSchema.extend({ Type: z.literal('Notification') }).safeParse(event);
  return envelope.success ? [envelope.data] : [];
}

/**
 * @param now for what does not say when it began, Unix milliseconds
 * @returns never throws; what nobody here can read is `refused`, and no notices
 */
export function readTopicMessage({ Message, Subject, Timestamp }: TopicMessage, now: number): ReadMessage {
  const sentAt = Number.isNaN(Date.parse(Timestamp)) ? now : Date.parse(Timestamp);
  if (/^AWS Budgets?\b/.test(Subject ?? Message)) return budget(Subject ?? 'AWS Budgets', Message, sentAt);
  const message = parsed(Message);
  if (message === undefined)
    return { notices: [], refused: [`a message of ${Message.length} characters is not JSON`] };
  return (
    readAlertmanager(message) ??
    readAlarm(message) ?? {
      notices: [],
      refused: ['a message is neither of an Alertmanager nor an alarm of CloudWatch'],
    }
  );
}

function parsed(text: string): unknown {
  for (const attempt of [text, withJsonEscapes(text)])
    try {
      return JSON.parse(attempt) as unknown;
    } catch {}
  return undefined;
}

/** The template quotes as Go does, which writes a few characters in ways that JSON does not know. */
function withJsonEscapes(text: string): string {
  return text.replace(/\\(\\|x([0-9a-f]{2})|U([0-9a-f]{8})|[av])/g, (whole, kind: string, byte, point) => {
    if (byte !== undefined) return `\\u00${byte}`;
    if (point !== undefined)
      return JSON.stringify(String.fromCodePoint(Number.parseInt(point, 16))).slice(1, -1);
    if (kind === 'a') return '\\u0007';
    return kind === 'v' ? '\\u000b' : whole;
  });
}

const alarmSchema = z.object({
  AlarmName: z.string().min(1),
  AlarmDescription: z.string().nullish(),
  NewStateValue: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
  NewStateReason: z.string().default(''),
  StateChangeTime: z.string(),
  Region: z.string().optional(),
});

/** Alarms that mean callers are failing or nobody is watching; of the others the description says it in its first word. */
const pageworthy = /-(api-5xx|http-api-5xx|watchdog-silent|tick-silence|publish-silence|notify-silence)$/;

function readAlarm(message: unknown): ReadMessage | undefined {
  const alarm = alarmSchema.safeParse(message);
  if (!alarm.success) return undefined;
  const { AlarmName, NewStateValue, NewStateReason, StateChangeTime, Region } = alarm.data;
  const startsAt = Date.parse(StateChangeTime);
  if (Number.isNaN(startsAt))
    return { notices: [], refused: [`alarm ${AlarmName}: StateChangeTime is no time`] };
  if (NewStateValue === 'INSUFFICIENT_DATA') return { notices: [], refused: [] };
  const description = alarm.data.AlarmDescription ?? '';
  const isCritical = description.startsWith('CRITICAL') || pageworthy.test(AlarmName);
  const [what = '', steps] = description.split(/ First: /, 2);
  const env = /^tidemark-([^-]+)-/.exec(AlarmName)?.[1];
  const notice = noticeOf({
    source: 'cloudwatch',
    status: NewStateValue === 'ALARM' ? 'firing' : 'resolved',
    labels: {
      alertname: AlarmName,
      severity: isCritical ? 'critical' : 'warning',
      ...(env !== undefined && { env }),
      ...(Region !== undefined && { region: Region }),
    },
    annotations: {
      summary: `${AlarmName}: ${what || NewStateReason}`,
      description: NewStateReason,
      ...(steps !== undefined && { first_steps: `1. ${steps}` }),
    },
    startsAt,
  });
  return { notices: [notice], refused: [] };
}

function budget(subject: string, text: string, startsAt: number): ReadMessage {
  const notice = noticeOf({
    source: 'budget',
    status: 'firing',
    labels: { alertname: 'Budget', severity: 'warning', budget: subject },
    annotations: { summary: subject, description: text },
    startsAt,
  });
  return { notices: [notice], refused: [] };
}
