/** Parses the Retry and Catch lists of a state. */
import type { Json } from '#shared/json.ts';
import { Fields } from './fields.ts';
import { parseResultPath } from './paths.ts';
import type { Catcher, Retrier } from './recovery.ts';

/** The predefined names a list may hold; `States.Runtime` is left out since nothing catches it. */
const PREDEFINED = [
  'States.ALL',
  'States.BranchFailed',
  'States.DataLimitExceeded',
  'States.HeartbeatTimeout',
  'States.IntrinsicFailure',
  'States.NoChoiceMatched',
  'States.ParameterPathFailure',
  'States.Permissions',
  'States.ResultPathMatchFailure',
  'States.TaskFailed',
  'States.Timeout',
];

/** The longest MaxDelaySeconds: below 31,622,400 (a leap year). */
const MAX_DELAY_SECONDS = 31_622_399;

/** `$` if absent; null drops the result. */
export function parseResultPathOf(fields: Fields): readonly string[] | null {
  if (fields.raw.ResultPath === null) return null;
  return fields.parsedString('ResultPath', parseResultPath) ?? [];
}

export function parseRetriers(fields: Fields): Retrier[] {
  const entries = fields.list('Retry');
  return entries.map((raw, i) => {
    const at = `Retry[${i}]`;
    const retrier = new Fields(fields.state, raw, at);
    retrier.only(
      ...[
        'ErrorEquals',
        'IntervalSeconds',
        'BackoffRate',
        'MaxAttempts',
        'MaxDelaySeconds',
        'JitterStrategy',
        'Comment',
      ],
    );
    const intervalSeconds = retrier.integer('IntervalSeconds', 1) ?? 1;
    const maxDelaySeconds =
      retrier.integer('MaxDelaySeconds', 1, MAX_DELAY_SECONDS) ?? Number.POSITIVE_INFINITY;
    if (maxDelaySeconds <= intervalSeconds) {
      throw fields.invalid(
        `${at}.MaxDelaySeconds ${maxDelaySeconds} must be above IntervalSeconds ${intervalSeconds}`,
      );
    }
    const jitter = retrier.string('JitterStrategy') ?? 'NONE';
    if (jitter !== 'NONE' && jitter !== 'FULL') {
      throw fields.unsupported(`${at}.JitterStrategy "${jitter}" (allowed: FULL, NONE)`);
    }
    return {
      errorEquals: parseErrorEquals(retrier, at, i === entries.length - 1),
      intervalSeconds,
      backoffRate: retrier.number('BackoffRate', 1) ?? 2,
      maxAttempts: retrier.integer('MaxAttempts', 0) ?? 3,
      maxDelaySeconds,
      hasFullJitter: jitter === 'FULL',
    };
  });
}

export function parseCatchers(fields: Fields): Catcher[] {
  const entries = fields.list('Catch');
  return entries.map((raw, i) => {
    const at = `Catch[${i}]`;
    const catcher = new Fields(fields.state, raw, at).only('ErrorEquals', 'Next', 'ResultPath', 'Comment');
    return {
      errorEquals: parseErrorEquals(catcher, at, i === entries.length - 1),
      next: catcher.requiredString('Next'),
      resultPath: parseResultPathOf(catcher),
    };
  });
}

function parseErrorEquals(fields: Fields, at: string, isLast: boolean): string[] {
  const names = fields.list('ErrorEquals').map((name: Json) => {
    if (typeof name === 'string') return name;
    throw fields.invalid(`${at}.ErrorEquals must hold strings, not ${JSON.stringify(name)}`);
  });
  if (names.length === 0) throw fields.invalid(`${at}.ErrorEquals must name at least one error`);
  for (const name of names) {
    if (name === 'States.Runtime') {
      throw fields.unsupported(
        `${at}.ErrorEquals "States.Runtime" (it always fails the execution, nothing catches it)`,
      );
    }
    if (name.startsWith('States.') && !PREDEFINED.includes(name)) {
      throw fields.unsupported(`${at}.ErrorEquals "${name}" (allowed: ${PREDEFINED.join(', ')}, own names)`);
    }
  }
  if (names.includes('States.ALL') && (names.length > 1 || !isLast)) {
    throw fields.invalid(`${at}.ErrorEquals "States.ALL" must stand alone and last`);
  }
  return names;
}
