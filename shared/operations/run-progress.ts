/** The stages of a run as people think of them, made of the states of its machine. Pure. */
import type { Execution } from '../ports/pipelines.ts';

const phases = ['queued', 'data', 'training', 'evaluation', 'gate', 'approval', 'promoted'] as const;

type PhaseName = (typeof phases)[number];

export interface Phase {
  readonly name: PhaseName;
  /** `skipped`: the run went past it, or ended before it. */
  readonly status: 'done' | 'running' | 'failed' | 'waiting' | 'skipped';
}

/** Where a state of `statemachines/retrain.asl.json` belongs; those that only end a run belong nowhere. */
const phaseOfState: readonly (readonly [RegExp, PhaseName])[] = [
  [/^(Normalise|Begin|BeginRoute)$/, 'queued'],
  [/^(Ingest|IngestRoute|Snapshot|SnapshotRoute|Validate|ValidateRoute)$/, 'data'],
  [/^(TrainingPlace|TrainInContainer|SearchSettings|TrainCandidates|Fold|Train)$/, 'training'],
  [/^(Parity|ParityRoute|Evaluate|EvaluateCandidate|EvaluateChampion)$/, 'evaluation'],
  [/^(Gate|GateRoute)$/, 'gate'],
  [/^(Approve|CloseApproval|ApprovalRoute)$/, 'approval'],
  [/^(Promote|PromoteApproved|ReleasePromoted)$/, 'promoted'],
];

/** @example phaseOf('TrainCandidates[1].Train') // 'training' */
function phaseOf(stage: string): PhaseName | undefined {
  const state = stage.split('[')[0]!;
  return phaseOfState.find(([pattern]) => pattern.test(state))?.[1];
}

/**
 * Every phase in order. The last one that was reached is running or failed, those before it are done, and what follows waits or,
 * once the run has ended, was skipped; as is the approval of a run that needed none.
 *
 * @example progressOf({ status: 'RUNNING', stages: [{ name: 'Begin', status: 'running', startedAt: 0 }] })[0]
 * // { name: 'queued', status: 'running' }
 */
export function progressOf({ status, stages }: Pick<Execution, 'status' | 'stages'>): readonly Phase[] {
  const reached = new Set(stages.map(({ name }) => phaseOf(name)));
  const failed = new Set(
    stages.filter((stage) => stage.status === 'failed').map(({ name }) => phaseOf(name)),
  );
  const last = Math.max(0, ...phases.map((name, at) => (reached.has(name) ? at : 0)));
  const isRunning = status === 'RUNNING';
  return phases.map((name, at) => {
    if (at > last) return { name, status: isRunning ? 'waiting' : 'skipped' };
    if (at < last) return { name, status: reached.has(name) || at === 0 ? 'done' : 'skipped' };
    if (isRunning) return { name, status: 'running' };
    const isFailed = failed.has(name) || status !== 'SUCCEEDED';
    return { name, status: isFailed ? 'failed' : 'done' };
  });
}
