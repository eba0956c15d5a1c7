/** The payload limit of Step Functions, and the JSON a function's answer becomes. */
import type { Json } from '#shared/json.ts';
import { StateError } from './errors.ts';

/** Bytes of JSON text a state may take in or hand on. */
export const MAX_PAYLOAD_BYTES = 262_144;

export function payloadBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * The value itself, if it is small enough to be handed on.
 *
 * @throws StateError `States.DataLimitExceeded`, which States.ALL does not catch.
 */
export function withinLimit<T extends Json>(value: T, what: string): T {
  const bytes = payloadBytes(value);
  if (bytes <= MAX_PAYLOAD_BYTES) return value;
  throw new StateError(
    'States.DataLimitExceeded',
    `${what} has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} are allowed`,
  );
}

/**
 * What survives a trip as JSON: no undefined, no prototypes, no shared references.
 *
 * @throws TypeError for what has no JSON form (cycles, BigInt).
 */
export function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null) ?? 'null') as Json;
}
