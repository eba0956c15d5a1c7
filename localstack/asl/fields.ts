/** Reads the fields of one ASL object by type, refusing by name what is unknown or malformed. */
import type { Json, JsonObject } from '#shared/json.ts';
import { InvalidAslError, UnsupportedAslError, UnsupportedSyntaxError } from './errors.ts';
import { isJsonObject } from './paths.ts';

/** The largest duration Step Functions takes, in seconds. */
export const MAX_SECONDS = 99_999_999;

/** An object of the file that belongs to `state`; `at` names the part of the state, as in `Retry[0]`. */
export class Fields {
  readonly state: string;
  readonly raw: JsonObject;
  private readonly at: string;

  constructor(state: string, raw: Json | undefined, at = '') {
    if (!isJsonObject(raw))
      throw new InvalidAslError(state, `${at || 'state'} must be an object, not ${JSON.stringify(raw)}`);
    this.state = state;
    this.raw = raw;
    this.at = at === '' ? '' : `${at}.`;
  }

  /** Refuses every field that is not listed. */
  only(...allowed: readonly string[]): this {
    for (const field of Object.keys(this.raw)) {
      if (!allowed.includes(field))
        throw this.unsupported(`field ${this.at}${field} (allowed: ${allowed.join(', ')})`);
    }
    return this;
  }

  has(field: string): boolean {
    return this.raw[field] !== undefined;
  }

  string(field: string): string | undefined {
    const value = this.raw[field];
    if (value === undefined || typeof value === 'string') return value;
    throw this.invalid(`${this.at}${field} must be a string, not ${JSON.stringify(value)}`);
  }

  requiredString(field: string): string {
    const value = this.string(field);
    if (value === undefined) throw this.invalid(`${this.at}${field} is missing`);
    return value;
  }

  integer(field: string, least: number, most = MAX_SECONDS): number | undefined {
    const value = this.number(field, least, most);
    if (value === undefined || Number.isInteger(value)) return value;
    throw this.invalid(`${this.at}${field} must be an integer, not ${value}`);
  }

  number(field: string, least: number, most = MAX_SECONDS): number | undefined {
    const value = this.raw[field];
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= least && value <= most) return value;
    throw this.invalid(
      `${this.at}${field} must be a number from ${least} to ${most}, not ${JSON.stringify(value)}`,
    );
  }

  /** A list of objects; empty if absent. */
  list(field: string): readonly Json[] {
    const value = this.raw[field];
    if (value === undefined) return [];
    if (!Array.isArray(value))
      throw this.invalid(`${this.at}${field} must be a list, not ${JSON.stringify(value)}`);
    return value as readonly Json[];
  }

  /** Parses a field's value, naming the state and the field in what the parser refuses. */
  parsed<T>(field: string, parse: (value: Json) => T): T | undefined {
    const value = this.raw[field];
    if (value === undefined) return undefined;
    try {
      return parse(value);
    } catch (error) {
      if (error instanceof UnsupportedSyntaxError)
        throw this.unsupported(`${this.at}${field}: ${error.message}`);
      throw error;
    }
  }

  /** As {@link parsed}, of a field that must be a string. */
  parsedString<T>(field: string, parse: (text: string) => T): T | undefined {
    const text = this.string(field);
    return text === undefined ? undefined : this.parsed(field, () => parse(text));
  }

  invalid(problem: string): InvalidAslError {
    return new InvalidAslError(this.state, problem);
  }

  unsupported(what: string): UnsupportedAslError {
    return new UnsupportedAslError(this.state, what);
  }
}
