// How many of a function run at once, as a stage asks for it: checked before Lambda would refuse it in the middle of a deployment.
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import { recordOf, UnknownContextValueError } from './context-value.ts';

const specs: Readonly<Record<FunctionName, FunctionSpec>> = functions;
const names = Object.keys(functions) as FunctionName[];

/** Instances by function. */
export type Concurrency = Readonly<Partial<Record<FunctionName, number>>>;

/** Functions whose new code takes over behind an alias. */
const canaryFunctions: readonly FunctionName[] = names.filter((name) => specs[name].canary);

/**
 * @param key of the knob, for messages
 * @param value an object, or one as JSON: whole numbers from 1 by function
 * @throws {UnknownContextValueError} for a function or number that is not allowed
 * @example concurrencyOf('reservedConcurrency', '{"admin":5}') // { admin: 5 }
 */
export function concurrencyOf(key: string, value: unknown): Concurrency {
  const given = recordOf(key, value);
  for (const [name, count] of Object.entries(given)) {
    if (!Object.hasOwn(functions, name))
      throw new UnknownContextValueError(
        `unknown function ${JSON.stringify(name)} in ${key}: want ${names.join(', ')}`,
      );
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 1)
      throw new UnknownContextValueError(
        `${key} of ${name} is ${JSON.stringify(count)}: want a whole number from 1`,
      );
  }
  return given as Concurrency;
}

/**
 * Instances are kept warm behind an alias, and out of those reserved.
 *
 * @throws {UnknownContextValueError} where a function has no alias, or fewer reserved than are to be kept warm
 */
export function checkProvisioned(provisioned: Concurrency, reserved: Concurrency, hasAliases: boolean): void {
  for (const [name, count] of Object.entries(provisioned) as [FunctionName, number][]) {
    if (specs[name].canary === undefined)
      throw new UnknownContextValueError(
        `provisionedConcurrency is given for ${name}, which has no alias: want ${canaryFunctions.join(', ')}, or canary in shared/api/surface.ts`,
      );
    if (!hasAliases)
      throw new UnknownContextValueError(
        `provisionedConcurrency is given for ${name} with rollout "none", which makes no alias: want rollout allAtOnce, canary or linear`,
      );
    const most = reserved[name];
    if (most !== undefined && most < count)
      throw new UnknownContextValueError(
        `provisionedConcurrency of ${name} is ${count}: want at most its reservedConcurrency, ${most}`,
      );
  }
}
