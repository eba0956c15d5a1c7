/** A running scope: where it is, and how it moves on; each move is one write that a restart continues from. */
import type { Json, JsonObject } from '#shared/json.ts';
import { abortable, Interrupted } from './abort.ts';
import { runtimeError, StateError } from './errors.ts';
import type { State, StateGraph } from './machine.ts';
import type { Scope } from './paths.ts';
import { type ActiveFrame, type DoneFrame, machineId, type NumberedStage } from './records.ts';
import type { Run } from './run.ts';

/** Where in the execution a scope stands. */
export interface Place {
  readonly graph: StateGraph;
  /** Sort key of its record. */
  readonly sk: string;
  /** Comes before its states' names in the stages: `Map[3].`. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly mapItem?: MapItem;
}

export type MapItem = { readonly Index: number; readonly Value: Json };

/** What a state leads to. */
export interface Step {
  readonly output: Json;
  /** Absent where the scope ends with this state. */
  readonly next: string | undefined;
  /** The error a Catch took. */
  readonly caught?: string;
}

export class Frame {
  readonly run: Run;
  readonly place: Place;
  private stored: ActiveFrame | DoneFrame;

  private constructor(run: Run, place: Place, stored: ActiveFrame | DoneFrame) {
    this.run = run;
    this.place = place;
    this.stored = stored;
  }

  /** The scope as it was stored, or a new one at its first state. */
  static async open(run: Run, place: Place, input: () => Json): Promise<Frame> {
    const stored = run.store.frames.get(place.sk);
    if (stored !== undefined && stored.kind !== 'failed') {
      const frame = new Frame(run, place, stored);
      await frame.repairStages();
      return frame;
    }
    const enteredAt = run.around.now();
    const { number, stage } = run.newStage(place.prefix + place.graph.startAt, enteredAt);
    const first = { kind: 'active', state: place.graph.startAt, visit: 1, attempts: [] } as const;
    const frame = new Frame(run, place, { ...first, input: input(), enteredAt, stage: number });
    await frame.store(frame.stored, { number, stage });
    return frame;
  }

  /** The scope's output, once it has one. */
  get output(): { readonly value: Json } | undefined {
    return this.stored.kind === 'done' ? { value: this.stored.output } : undefined;
  }

  /** Not to be asked of a scope that is done. */
  get active(): ActiveFrame {
    if (this.stored.kind === 'active') return this.stored;
    throw new Error(`scope ${this.place.sk} has ended`);
  }

  get state(): State {
    const state = this.place.graph.states.get(this.active.state);
    if (state === undefined)
      throw runtimeError(`state "${this.active.state}" is not in the machine any more`);
    return state;
  }

  /** What the state's expressions read, over the given data. */
  scope(input: Json, mapItem: MapItem | undefined = this.place.mapItem): Scope {
    const { run, active } = this;
    const context: JsonObject = {
      Execution: {
        Id: run.store.id,
        Name: run.head.name,
        Input: run.head.input,
        StartTime: new Date(run.head.startedAt).toISOString(),
      },
      StateMachine: { Id: machineId(run.head.machine), Name: run.head.machine },
      State: {
        Name: active.state,
        EnteredTime: new Date(active.enteredAt).toISOString(),
        RetryCount: active.attempts.reduce((sum, made) => sum + made, 0),
      },
      Task: active.token === undefined ? undefined : { Token: active.token },
      Map: mapItem === undefined ? undefined : { Item: mapItem },
    };
    return { input, context, random: run.around.random };
  }

  /** Stores more about the visit under way. */
  async update(more: Partial<ActiveFrame>): Promise<void> {
    await this.store({ ...this.active, ...more });
  }

  /** Sleeps until the stored time. */
  async pause(): Promise<void> {
    this.place.signal.throwIfAborted();
    const ms = (this.active.dueAt ?? 0) - this.run.around.now();
    if (ms <= 0) return;
    await abortable(this.run.around.sleep(ms, this.place.signal), this.place.signal);
  }

  /** Begins another attempt of the state, after the delay. */
  async retry(retrier: number, delayMs: number): Promise<void> {
    const { active } = this;
    const { state, input, enteredAt, stage, visit, attempts } = active;
    const made = Array.from(
      { length: Math.max(attempts.length, retrier + 1) },
      (_, i) => (attempts[i] ?? 0) + (i === retrier ? 1 : 0),
    );
    const dueAt = this.run.around.now() + delayMs * this.run.around.waitScale;
    await this.store({
      kind: 'active',
      state,
      input,
      enteredAt,
      stage,
      visit: visit + 1,
      attempts: made,
      dueAt,
    });
    await this.tidy(active);
  }

  /** Moves on to the next state, or ends the scope. */
  async advance(step: Step): Promise<void> {
    const { active, run } = this;
    const ended = run.endedStage(
      active.stage,
      step.caught === undefined ? 'succeeded' : 'caught',
      step.caught,
    );
    if (step.next === undefined) {
      await this.store({ kind: 'done', output: step.output, ended }, ended);
    } else {
      const enteredAt = run.around.now();
      const opened = run.newStage(this.place.prefix + step.next, enteredAt);
      const { next: state, output: input } = step;
      const visit = active.visit + 1;
      const stage = opened.number;
      await this.store(
        { kind: 'active', state, input, enteredAt, stage, visit, attempts: [], ended },
        ended,
        opened,
      );
    }
    await this.tidy(active);
  }

  /** Closes the stage under way because of what the scope fails with; nothing after a stop, which is no failure. */
  async fail(error: unknown): Promise<void> {
    const name = failureName(error);
    if (name === undefined || this.stored.kind === 'done') return;
    await this.run.writeStages(this.run.endedStage(this.stored.stage, 'failed', name));
    this.run.notify();
  }

  private async store(record: ActiveFrame | DoneFrame, ...stages: readonly NumberedStage[]): Promise<void> {
    await this.run.store.writeFrame(this.place.sk, record);
    this.stored = record;
    await this.run.writeStages(...stages);
    if (stages.length > 0) this.run.notify();
  }

  /** Removes what only the visit that ended needed. */
  private async tidy(left: ActiveFrame): Promise<void> {
    if (left.token !== undefined) await this.run.around.tokens.forget(left.token);
    const type = this.place.graph.states.get(left.state)?.type;
    if (type === 'Map' || type === 'Parallel') await this.run.store.dropInnerFrames(this.place.sk);
  }

  /** A stop between a move and its stages left them a step behind. */
  private async repairStages(): Promise<void> {
    const { stages } = this.run.store;
    const { stored } = this;
    const due: NumberedStage[] = [];
    if (stored.ended !== undefined && stages.get(stored.ended.number)?.endedAt === undefined)
      due.push(stored.ended);
    if (stored.kind === 'active' && stages.get(stored.stage)?.status !== 'running') {
      const name = this.place.prefix + stored.state;
      due.push({ number: stored.stage, stage: { name, status: 'running', startedAt: stored.enteredAt } });
    }
    await this.run.writeStages(...due);
  }
}

/** What the stage shows; undefined for what is no failure of the state. */
function failureName(error: unknown): string | undefined {
  if (error instanceof StateError) return error.error;
  if (!(error instanceof Interrupted) || error.reason === 'stopped') return undefined;
  return error.reason === 'cancelled' ? 'Cancelled' : 'States.Timeout';
}
