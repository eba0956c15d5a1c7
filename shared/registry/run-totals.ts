/** Ended retrain runs, counted: by what started them and how they ended. */
import type { Deps } from '../deps.ts';
import type { Json } from '../json.ts';
import { queryAll } from '../ports/query-all.ts';
import { updateItem } from '../ports/update.ts';
import { runRequestSchema } from '../retrain/request.ts';
import { stateKeys, timeKey } from './keys.ts';
import type { RunOutcome, RunRecord } from './run.ts';

type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The runs up to `through`, none of which can change any more. It only spares reading all of them each time. */
interface Totals {
  /** Sort key of a run. */
  readonly through: string;
  /** By trigger, then outcome. */
  readonly counts: Counts;
}

interface RunTotals {
  readonly byOutcome: Readonly<Record<string, number>>;
  /** 0 for what has not happened. */
  readonly ended: readonly { readonly trigger: string; readonly outcome: string; readonly count: number }[];
  readonly last: RunRecord | null;
}

/** Of runs from before it was recorded. */
const UNKNOWN_TRIGGER = 'unknown';

/** A run that waits for a person has not ended. */
type EndOutcome = Exclude<RunOutcome, 'awaiting_approval'>;

const endOutcomes: Readonly<Record<EndOutcome, true>> = {
  promoted: true,
  rejected: true,
  expired: true,
  superseded: true,
  awaiting_promotion: true,
  insufficient_labels: true,
  invalid_data: true,
  parity_failed: true,
  conflict: true,
  failed: true,
};

type TotalsDeps = Pick<Deps, 'state'>;

/** @returns counts of every ended run since the model was registered, and the newest of them */
export async function readRunTotals(deps: TotalsDeps, model: string): Promise<RunTotals> {
  const item = await deps.state.get(stateKeys.runTotals(model));
  const before = (item?.value as unknown as Totals | undefined) ?? { through: 'run#', counts: {} };
  let settled: Totals = before;
  let counts = before.counts;
  let isSettled = true;
  let last: RunRecord | null = null;
  // from the newest counted one, which is still the last when nothing came after it
  for await (const { sk, value } of queryAll(deps.state, stateKeys.of(model), {
    from: before.through,
    before: 'run$',
  })) {
    const run = value as unknown as RunRecord;
    const hasEnded = run.outcome !== 'awaiting_approval';
    if (hasEnded) last = run;
    if (sk === before.through) continue;
    if (hasEnded) counts = add(counts, await triggerOf(deps, model, run), run.outcome);
    isSettled &&= hasEnded;
    if (isSettled) settled = { through: sk, counts };
  }
  if (settled !== before)
    await updateItem<Totals>(deps.state, stateKeys.runTotals(model), (stored) =>
      stored && stored.through >= settled.through ? undefined : settled,
    );
  return { ...totals(counts), last };
}

/** As the ledger has it of the run's beginning. */
async function triggerOf(
  deps: TotalsDeps,
  model: string,
  { execution, startedAt }: RunRecord,
): Promise<string> {
  const page = await deps.state.query(stateKeys.of(model), {
    from: `ledger#${timeKey(startedAt)}`,
    before: `ledger#${timeKey(startedAt + 1)}`,
  });
  for (const { value } of page.items) {
    const { detail } = value as { detail?: { readonly [key: string]: Json } };
    if (detail?.execution === execution && typeof detail.trigger === 'string') return detail.trigger;
  }
  return UNKNOWN_TRIGGER;
}

function add(counts: Counts, trigger: string, outcome: string): Counts {
  const of = counts[trigger] ?? {};
  return { ...counts, [trigger]: { ...of, [outcome]: (of[outcome] ?? 0) + 1 } };
}

function totals(counts: Counts): Omit<RunTotals, 'last'> {
  const triggers = new Set([...runRequestSchema.shape.trigger.options, ...Object.keys(counts)]);
  const ended = [...triggers].flatMap((trigger) =>
    Object.keys(endOutcomes).map((outcome) => ({ trigger, outcome, count: counts[trigger]?.[outcome] ?? 0 })),
  );
  const byOutcome: Record<string, number> = {};
  for (const { outcome, count } of ended)
    if (count > 0) byOutcome[outcome] = (byOutcome[outcome] ?? 0) + count;
  return { byOutcome, ended };
}
