/** The history of a Step Functions execution, read into the stages that people see. */
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { StageRecord } from '../ports/pipelines.ts';

type Stage = { -readonly [field in keyof StageRecord]: StageRecord[field] } & { readonly scope: string };

/** Where one line of execution stands: the open stage, and outside it the Map or Parallel that runs this line. */
interface Position {
  /** Put before a stage's name: `State[index].` for each level, empty at the top. */
  readonly scope: string;
  readonly stage?: Stage & { readonly state: string; readonly isFanOut: boolean };
  readonly outer?: Position;
}

/**
 * Stages in order of start. Events form a tree by `previousEventId`: an iteration starts under its Map, a branch under its
 * Parallel, and a retry stays in its stage. A stage that failed and was left all the same was caught.
 *
 * @param endedAt when the execution ended, Unix milliseconds; what is still open then failed with it
 */
export function readStages(events: readonly HistoryEvent[], endedAt?: number): StageRecord[] {
  const history = new History();
  for (const event of events) history.add(event);
  if (endedAt !== undefined) history.failOpen('', endedAt);
  return history.stages.map(({ name, status, startedAt, endedAt: end, error }) => ({
    name,
    status,
    startedAt,
    ...(end === undefined ? {} : { endedAt: end }),
    ...(error === undefined || status === 'succeeded' ? {} : { error }),
  }));
}

class History {
  readonly stages: Stage[] = [];
  private readonly positions = new Map<number, Position>();
  /** How many branches each ParallelStateStarted event has opened so far. */
  private readonly branches = new Map<number, number>();

  private last = 0;

  /** An emulator's history may not say what an event follows: then it is the one before. */
  add(event: HistoryEvent): void {
    const before = this.positions.get(event.previousEventId ?? this.last) ?? { scope: '' };
    this.last = event.id ?? 0;
    this.positions.set(event.id ?? 0, this.advance(event, before));
  }

  failOpen(scope: string, endedAt: number): void {
    for (const stage of this.stages)
      if (stage.status === 'running' && stage.scope.startsWith(scope))
        Object.assign(stage, { status: 'failed', endedAt });
  }

  private advance(event: HistoryEvent, before: Position): Position {
    if (event.mapIterationStartedEventDetails) {
      const { name, index = 0 } = event.mapIterationStartedEventDetails;
      return inside(outward(before, (stage) => stage.state === name) ?? before, index);
    }
    if (event.stateEnteredEventDetails) return this.enter(event, before);
    if (event.stateExitedEventDetails) return this.exit(event, before);
    if (event.type === 'ParallelStateStarted') this.branches.set(event.id ?? 0, 0);
    noteOutcome(event, before);
    return before;
  }

  private enter(event: HistoryEvent, before: Position): Position {
    const state = event.stateEnteredEventDetails?.name ?? '';
    const line = this.lineOf(event, before);
    const stage = {
      name: line.scope + state,
      scope: line.scope,
      state,
      isFanOut: /^(?:Map|Parallel)State/.test(event.type ?? ''),
      status: 'running' as const,
      startedAt: timeOf(event),
    };
    this.stages.push(stage);
    return { ...line, stage };
  }

  /** The first state after ParallelStateStarted opens a branch; branches are numbered as they appear. */
  private lineOf(event: HistoryEvent, before: Position): Position {
    const parallel = event.previousEventId ?? 0;
    const branch = this.branches.get(parallel);
    if (branch === undefined) return before;
    this.branches.set(parallel, branch + 1);
    return inside(before, branch);
  }

  private exit(event: HistoryEvent, before: Position): Position {
    const state = event.stateExitedEventDetails?.name;
    const at = outward(before, (stage) => stage.state === state);
    if (!at?.stage) return before;
    const { stage, ...line } = at;
    stage.status = stage.error === undefined ? 'succeeded' : 'caught';
    stage.endedAt = timeOf(event);
    this.failOpen(`${stage.name}[`, stage.endedAt);
    return line;
  }
}

/** Remembers an attempt's failure on its stage; a later attempt that succeeds wipes it. */
function noteOutcome(event: HistoryEvent, before: Position): void {
  const [, what = '', outcome] = /^(.*?)(Succeeded|Failed|TimedOut)$/.exec(event.type ?? '') ?? [];
  if (!outcome || what === 'Execution' || what === 'MapIteration') return;
  const isFanOut = what === 'MapState' || what === 'ParallelState';
  const stage = isFanOut ? outward(before, (each) => each.isFanOut)?.stage : before.stage;
  if (!stage) return;
  if (outcome === 'Succeeded') delete stage.error;
  else
    stage.error =
      errorName(event) ?? stage.error ?? (outcome === 'TimedOut' ? 'States.Timeout' : 'States.TaskFailed');
}

function errorName(event: HistoryEvent): string | undefined {
  for (const details of Object.values(event)) {
    const { error } = (details ?? {}) as { readonly error?: unknown };
    if (typeof error === 'string') return error;
  }
  return undefined;
}

function inside(outer: Position, index: number): Position {
  return { scope: `${outer.scope}${outer.stage?.state ?? ''}[${index}].`, outer };
}

function outward(
  from: Position,
  matches: (stage: NonNullable<Position['stage']>) => boolean,
): Position | undefined {
  for (let at: Position | undefined = from; at; at = at.outer) if (at.stage && matches(at.stage)) return at;
  return undefined;
}

function timeOf(event: HistoryEvent): number {
  return event.timestamp?.getTime() ?? 0;
}
