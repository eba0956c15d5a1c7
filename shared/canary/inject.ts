/** A phase's rows → the prediction log, as if the model had been asked: from here on they go the way of any other prediction. */
import type { Deps } from '../deps.ts';
import { featuresHash, logPrediction } from '../log/prediction-log.ts';
import type { CanaryDay, Phase } from './day.ts';
import { canaryAnswers, canaryVersion } from './model.ts';
import { canaryModel } from './names.ts';
import { canaryRows } from './rows.ts';

export const rowsPerPhase = 200;
const rowsAtOnce = 20;

/** `canary-2026-11-22T03-drifted-`: the same rows have the same ids, however often and by whomever they are written. */
const prefixOf = ({ startsAt }: CanaryDay, phase: Phase): string =>
  `canary-${new Date(startsAt)
    .toISOString()
    .replace(/\.000Z$/, '')
    .replaceAll(':', '-')}-${phase}`;

/**
 * Safe to repeat and to run twice at once. What the table does not take is not spooled: replayed later, it would drift another window.
 *
 * @param until rows that would come later are not written, Unix milliseconds
 * @returns how many of {@link rowsPerPhase} are in the log
 */
export async function injectPhase(deps: Deps, day: CanaryDay, phase: Phase, until: number): Promise<number> {
  const prefix = prefixOf(day, phase);
  const rows = canaryRows(prefix, rowsPerPhase, phase === 'drifted');
  const answers = canaryAnswers(rows);
  const unspooled: Deps = { ...deps, spool: () => undefined };
  let written = 0;
  for (let from = 0; from < rows.length && deps.now() < until; from += rowsAtOnce) {
    const results = await Promise.all(
      rows.slice(from, from + rowsAtOnce).map(({ features }, at) =>
        logPrediction(unspooled, {
          model: canaryModel,
          version: canaryVersion,
          request_id: `${prefix}-${from + at}`,
          at: deps.now(),
          features,
          context: {},
          answer: answers[from + at]!,
          hash: featuresHash(features),
        }),
      ),
    );
    written += results.filter(({ kind }) => kind === 'stored' || kind === 'replayed').length;
  }
  return written;
}
