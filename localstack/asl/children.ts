/** Map and Parallel: scopes inside a state, run side by side; the first to fail cancels the others. */
import { setMaxListeners } from 'node:events';
import type { Json } from '#shared/json.ts';
import { Interrupted } from './abort.ts';
import { runtimeError, StateError } from './errors.ts';
import type { Frame, MapItem, Place } from './frame.ts';
import type { MapState, ParallelState, StateGraph } from './machine.ts';
import { requirePath } from './paths.ts';
import { withinLimit } from './payload.ts';
import { fillTemplate } from './template.ts';

/** Runs the scope at a place to its end. */
export type RunInner = (place: Place, input: () => Json) => Promise<Json>;

/** Step Functions runs at most this many iterations of an inline Map at once. */
const MAX_INLINE_CONCURRENCY = 40;

interface Child {
  readonly graph: StateGraph;
  readonly mapItem: MapItem | undefined;
  readonly input: () => Json;
}

/** The outputs of the branches, in their order. */
export async function runParallel(
  frame: Frame,
  state: ParallelState,
  input: Json,
  runInner: RunInner,
): Promise<Json[]> {
  const { mapItem } = frame.place;
  const children = state.branches.map((graph) => ({ graph, mapItem, input: () => input }));
  return runChildren(frame, children, children.length, runInner);
}

/** The outputs of the iterations, in the order of the items. */
export async function runMap(
  frame: Frame,
  state: MapState,
  input: Json,
  runInner: RunInner,
): Promise<Json[]> {
  const items = requirePath(state.itemsPath, frame.scope(input));
  if (!Array.isArray(items)) {
    throw runtimeError(`ItemsPath "${state.itemsPath.text}" of "${state.name}" holds no array`);
  }
  const children = items.map((item: Json, index): Child => {
    const mapItem = { Index: index, Value: item };
    const itemInput = () => {
      if (state.itemSelector === undefined) return item;
      const selected = fillTemplate(state.itemSelector, frame.scope(input, mapItem));
      return withinLimit(selected, `the input of iteration ${index} of "${state.name}"`);
    };
    return { graph: state.processor, mapItem, input: itemInput };
  });
  const limit = Math.min(state.maxConcurrency || MAX_INLINE_CONCURRENCY, MAX_INLINE_CONCURRENCY);
  return runChildren(frame, children, limit, runInner);
}

async function runChildren(
  frame: Frame,
  children: readonly Child[],
  concurrency: number,
  runInner: RunInner,
): Promise<Json[]> {
  const { place, active } = frame;
  const siblings = new AbortController();
  const signal = AbortSignal.any([place.signal, siblings.signal]);
  // Every child listens; more than ten are no leak.
  setMaxListeners(0, signal);
  const outputs: Json[] = new Array(children.length).fill(null);
  const failures: unknown[] = [];
  const queue = children.entries();
  const worker = async () => {
    // The workers share the iterator, so each child is taken once and in order.
    for (const [index, { graph, mapItem, input }] of queue) {
      const sk = `${place.sk}/${active.visit}:${index}`;
      const prefix = `${place.prefix}${active.state}[${index}].`;
      try {
        signal.throwIfAborted();
        const inner = { graph, sk, prefix, signal, ...(mapItem === undefined ? {} : { mapItem }) };
        outputs[index] = await runInner(inner, input);
      } catch (error) {
        failures.push(error);
        // What is no failure of a state (the store, a bug) must leave the siblings as stored, like a stop.
        siblings.abort(new Interrupted(error instanceof StateError ? 'cancelled' : 'stopped'));
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, children.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return outputs;
}
