/** Anything → one JSON line that is never too long, never two lines, and never throws. */
import type { LogContext } from './log-context.ts';

/** Half of what a console shows at once, an eighth of what CloudWatch takes as one event. */
export const maxLineBytes = 32_768;
const maxText = 8192;
const maxItems = 100;
const maxDepth = 8;
const maxContextText = 256;

/** Names of what opens doors, whatever their case and separators. */
const secretKey =
  /(authorization|cookie|password|passwd|secret|token|apikey|accesskey|privatekey|routingkey|credentials?|signature)$/;
/** What clients send is about people. Numbers pass under these names: they are counts. */
const personalKey = /^(features|row|rows|instances?|body|headers|answer)$/;

/** What a line says of itself; a detail of the same name stands under `detail_<name>`. */
const ownKeys: ReadonlySet<string> = new Set([
  'timestamp',
  'level',
  'message',
  'truncated',
  ...([
    'function',
    'invocation_id',
    'http_request_id',
    'run_id',
    'trace_id',
    'cold_start',
  ] satisfies (keyof LogContext)[]),
]);

export interface LogLine {
  /** RFC 3339. Lambda takes lines without a key of this name for INFO, whatever their level. */
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
}

/**
 * One line, without its end. Errors are written with name, message, stack and cause, a BigInt as text, what refers to itself as
 * `[circular]`; values under names of secrets, or of what clients send, are left out.
 *
 * @param detail whatever is known: its type is not trusted
 * @returns at most {@link maxLineBytes}; what was longer has `truncated`, its length in bytes, and the beginning of its detail as text
 * @example logLine({ timestamp, level: 'warn', message: 'late' }, { model: 'churn' }, { rows: 3 })
 * // '{"timestamp":"…","level":"warn","message":"late","model":"churn","rows":3}'
 */
export function logLine(line: LogLine, context: LogContext, detail: unknown): string {
  const head = { ...line, message: cut(line.message, maxText), ...shortContext(context) };
  try {
    const shown = Object.fromEntries(
      Object.entries((plain(detail, 0, []) ?? {}) as object).map(([key, value]) => [
        ownKeys.has(key) ? `detail_${key}` : key,
        value as unknown,
      ]),
    );
    const text = JSON.stringify({ ...head, ...shown });
    const bytes = Buffer.byteLength(text);
    return bytes <= maxLineBytes ? text : truncated(head, JSON.stringify(shown), bytes);
  } catch (error) {
    return JSON.stringify({ ...head, unwritable: cut(String((error as Error)?.name), maxContextText) });
  }
}

function shortContext(context: LogContext): object {
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      typeof value === 'string' ? cut(value, maxContextText) : value,
    ]),
  );
}

/** Escapes may make a text up to six times as long, so that its length is found by trying. */
function truncated(head: object, detail: string, bytes: number): string {
  for (let length = maxLineBytes / 2; ; length /= 2) {
    const text = JSON.stringify({ ...head, truncated: bytes, detail: detail.slice(0, length) });
    if (Buffer.byteLength(text) <= maxLineBytes || length < 1) return text;
  }
}

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;

function plain(value: unknown, depth: number, parents: readonly unknown[]): unknown {
  if (typeof value === 'string') return cut(value, maxText);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (parents.includes(value)) return '[circular]';
  if (depth >= maxDepth) return '[too deep]';
  const inside = [...parents, value];
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return plainError(value, depth, inside);
  // a map of names shows, and hides, what an object would
  if (value instanceof Map && [...value.keys()].every((key) => typeof key === 'string'))
    return plainMembers(Object.fromEntries(value) as object, depth, inside);
  if (value instanceof Map || value instanceof Set) return plain([...value], depth, inside);
  if (Array.isArray(value)) {
    const shown = value.slice(0, maxItems).map((one) => plain(one, depth + 1, inside));
    return value.length > maxItems ? [...shown, `… (${value.length} items)`] : shown;
  }
  return plainMembers(value, depth, inside);
}

function plainMembers(value: object, depth: number, inside: readonly unknown[]): object {
  const members = Object.entries(value);
  const shown = members
    .slice(0, maxItems)
    .map(([key, one]) => [key, isHidden(key, one) ? '[redacted]' : plain(one, depth + 1, inside)]);
  if (members.length > maxItems) shown.push(['…', `${members.length} members`]);
  return Object.fromEntries(shown) as object;
}

/** Without other members: the SDK's errors carry the whole response. */
function plainError(error: Error, depth: number, inside: readonly unknown[]): object {
  const { name, message, stack, cause } = error;
  return {
    name,
    message: cut(message, maxText),
    ...(stack === undefined ? {} : { stack: cut(stack, maxText) }),
    ...(cause === undefined ? {} : { cause: plain(cause, depth + 1, inside) }),
  };
}

function isHidden(key: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return false;
  const name = key.toLowerCase().replaceAll(/[-_ ]/g, '');
  return secretKey.test(name) || (personalKey.test(name) && typeof value !== 'number');
}
