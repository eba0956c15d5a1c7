// How a value from `cdk … -c key=value` or `context` of cdk.json is refused: with the key, the value and what is allowed.

export class UnknownContextValueError extends Error {
  override readonly name = 'UnknownContextValueError';
}

/** @throws {UnknownContextValueError} where `value` is none of `allowed` */
export function oneOf<T extends string>(key: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined)
    throw new UnknownContextValueError(
      `unknown ${key} ${JSON.stringify(value)}: want ${allowed.join(', ')} (cdk … -c ${key}=${allowed[0]})`,
    );
  return found;
}

/**
 * An object, given as one in cdk.json or as JSON after `-c`.
 *
 * @throws {UnknownContextValueError} for anything else
 * @example recordOf('tags', '{"team":"forecast"}') // { team: 'forecast' }
 */
export function recordOf(key: string, value: unknown): Readonly<Record<string, unknown>> {
  const parsed = typeof value === 'string' ? parse(value) : value;
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new UnknownContextValueError(`unknown ${key} ${JSON.stringify(value)}: want an object as JSON`);
  return parsed as Readonly<Record<string, unknown>>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
