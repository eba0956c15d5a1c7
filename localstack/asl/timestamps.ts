/** RFC 3339 timestamps as the Amazon States Language wants them: an upper-case `T`, a zone, real dates only. */

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(\.\d+)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Unix milliseconds of an RFC 3339 timestamp; undefined if it is none.
 *
 * @example parseTimestamp('2024-02-29T12:00:00Z') // 1709208000000
 * @example parseTimestamp('2023-02-29T12:00:00Z') // undefined
 */
export function parseTimestamp(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  // Date rolls the 30th of February over to March; a month that comes back changed was no date.
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return Date.parse(text);
}
