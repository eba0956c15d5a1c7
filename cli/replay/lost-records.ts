/** The records of a spool, of an exported log or of a batch that Lambda filed, whichever a file holds. */
import * as z from 'zod';
import { parseStreamRecord } from '#shared/aws/stream-record.ts';
import type { SpoolRecord } from '#shared/deps.ts';
import { readRow } from '../../lambdas/capture/group.ts';
import { readLines, readWhole, UnreadableFileError } from './lines.ts';

export type Found =
  | { readonly kind: 'record'; readonly where: string; readonly record: SpoolRecord }
  | { readonly kind: 'unreadable'; readonly where: string; readonly reason: string }
  /** Nothing to put back: another line of a log, an item that expired. */
  | { readonly kind: 'other' };

/** What `awsDeps` writes into the log when the table does not take a record. */
const MARK = '{"tidemark_spool":';
/** As CloudWatch, or Lambda itself, begins a line; also one of our logger. */
const logLine =
  /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d|(START|END|REPORT|INIT_START|EXTENSION) |\{"(level|time|timestamp)":)/;

/**
 * Reads one file, gzipped or not. Understood are
 *
 * - spool lines `{"pk", "sk", "value", "expiresAt"?}` and what is set aside of them,
 * - logs with `{"tidemark_spool": …}` in a line, exported as text or as `{"events": [{"message"}]}`,
 * - invocation records of Lambda (`requestPayload`, or `payload` as text) and bare `{"Records": […]}` of DynamoDB Streams.
 *
 * @example
 * for await (const found of lostRecords('spool.rejected.ndjson')) if (found.kind === 'record') found.record.pk;
 */
export async function* lostRecords(file: string): AsyncGenerator<Found> {
  let number = 0;
  let isLog = false;
  try {
    for await (const line of readLines(file)) {
      number += 1;
      const text = line.trim();
      if (text === '') continue;
      const where = `${file} line ${number}`;
      if (number === 1 && opensDocument(text)) {
        const document = parsed((await readWhole(file)) ?? '');
        if (document.isJson) {
          yield* recordsIn(document.value, file);
          return;
        }
      }
      isLog ||= logLine.test(text) || text.includes(MARK);
      yield* recordsInLine(text, where, isLog);
    }
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    yield { kind: 'unreadable', where: `${file} after line ${number}`, reason: error.message };
  }
}

/** A document over several lines, not one of many on a line each. */
const opensDocument = (line: string): boolean => /^[{[]/.test(line) && !parsed(line).isJson;

function* recordsInLine(text: string, where: string, isLog: boolean): Generator<Found> {
  const marked = text.indexOf(MARK);
  if (marked >= 0) {
    const json = parsed(text.slice(marked));
    if (json.isJson) yield* recordsIn(json.value, where);
    else yield { kind: 'unreadable', where, reason: json.reason };
    return;
  }
  const json = parsed(text);
  if (isLog && !(json.isJson && isCarrier(json.value))) yield { kind: 'other' };
  else if (json.isJson) yield* recordsIn(json.value, where);
  else yield { kind: 'unreadable', where, reason: json.reason };
}

type Parsed =
  | { readonly isJson: true; readonly value: unknown }
  | { readonly isJson: false; readonly reason: string };

function parsed(text: string): Parsed {
  try {
    return { isJson: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { isJson: false, reason: (error as Error).message };
  }
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

const carriers = ['requestPayload', 'payload', 'Records', 'events', 'logEvents', 'message', '@message'];

function isCarrier(value: unknown): boolean {
  const members = membersOf(value);
  return carriers.some((name) => name in members) || ('pk' in members && 'sk' in members);
}

function* recordsIn(value: unknown, where: string): Generator<Found> {
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) yield* recordsIn(one, `${where} item ${at + 1}`);
    return;
  }
  const members = membersOf(value);
  if ('tidemark_spool' in members) yield spoolRecord(members.tidemark_spool, where);
  else if ('pk' in members && 'sk' in members) yield spoolRecord(members, where);
  else if ('requestPayload' in members) yield* payloadRecords(members.requestPayload, where);
  else if ('payload' in members) yield* payloadRecords(members.payload, where);
  else if (Array.isArray(members.Records))
    for (const [at, one] of members.Records.entries()) yield streamRecord(one, `${where} record ${at + 1}`);
  else if (Array.isArray(members.events ?? members.logEvents))
    for (const [at, one] of ((members.events ?? members.logEvents) as unknown[]).entries())
      yield* messageRecords(one, `${where} event ${at + 1}`);
  else if ('message' in members || '@message' in members) yield* messageRecords(members, where);
  else yield { kind: 'unreadable', where, reason: reasonFor(members, value) };
}

/** Lambda files an event of a stream as text, one of an asynchronous invocation as it was. */
function* payloadRecords(payload: unknown, where: string): Generator<Found> {
  const json: Parsed = typeof payload === 'string' ? parsed(payload) : { isJson: true, value: payload };
  const { Records } = membersOf(json.isJson ? json.value : undefined);
  if (Array.isArray(Records)) yield* recordsIn({ Records }, where);
  else yield { kind: 'unreadable', where, reason: 'its payload has no Records of a stream' };
}

/** The records in an event of a log: its `message`, in one line. */
export function* messageRecords(event: unknown, where: string): Generator<Found> {
  const { message, '@message': queried } = membersOf(event);
  yield* recordsInLine(String(message ?? queried ?? '').trim(), where, true);
}

function reasonFor(members: Members, value: unknown): string {
  if ('DDBStreamBatchInfo' in members)
    return 'it names records of a stream and does not hold them; only a batch filed in a bucket has its payload';
  return `neither a spooled record, a log line nor a batch of a stream: ${JSON.stringify(value).slice(0, 80)}`;
}

const recordSchema = z.object({
  pk: z.string(),
  sk: z.string(),
  value: z.json(),
  expiresAt: z.number().optional(),
});

function spoolRecord(value: unknown, where: string): Found {
  const checked = recordSchema.safeParse(value);
  if (!checked.success)
    return {
      kind: 'unreadable',
      where,
      reason: `not a spooled record: ${z.prettifyError(checked.error).replaceAll('\n', ' ')}`,
    };
  const { pk, sk, value: stored, expiresAt } = checked.data;
  return loggable({ pk, sk, value: stored, ...(expiresAt === undefined ? {} : { expiresAt }) }, where);
}

function streamRecord(raw: unknown, where: string): Found {
  try {
    const read = parseStreamRecord(raw);
    if (read.kind === 'remove') return { kind: 'other' };
    const { key, value, expiresAt } = read;
    return loggable({ ...key, value, ...(expiresAt === undefined ? {} : { expiresAt }) }, where);
  } catch (error) {
    return { kind: 'unreadable', where, reason: (error as Error).message };
  }
}

/** What capture could not read either would only be set aside again. */
function loggable(record: SpoolRecord, where: string): Found {
  const { pk, sk, value } = record;
  try {
    const row = readRow({
      kind: 'put',
      eventId: where,
      key: { pk, sk },
      streamTimeMs: 0,
      value,
      revision: 1,
    });
    if (row && pk.startsWith(`${row.model}#`)) return { kind: 'record', where, record };
    const reason = row
      ? `its key ${pk} is not of its model ${row.model}`
      : `its sort key is ${JSON.stringify(sk)}, want prediction, label or outcome`;
    return { kind: 'unreadable', where, reason };
  } catch (error) {
    return { kind: 'unreadable', where, reason: (error as Error).message.replaceAll('\n', ' ') };
  }
}
