/** Checks of a scope's states as a graph: every target exists, every state is reached. */
import { InvalidAslError } from './errors.ts';
import type { State, StateGraph } from './machine.ts';

/** The states that may follow the state. */
function targetsOf(state: State): readonly string[] {
  switch (state.type) {
    case 'Task':
    case 'Map':
    case 'Parallel':
      return [
        ...(state.next === undefined ? [] : [state.next]),
        ...state.catch.map((catcher) => catcher.next),
      ];
    case 'Pass':
    case 'Wait':
      return state.next === undefined ? [] : [state.next];
    case 'Choice':
      return [
        ...state.choices.map((choice) => choice.next),
        ...(state.default === undefined ? [] : [state.default]),
      ];
    case 'Succeed':
    case 'Fail':
      return [];
  }
}

/** @throws InvalidAslError for a target that is not a state of the scope, or a state nothing leads to. */
export function checkGraph(owner: string, graph: StateGraph): void {
  const known = [...graph.states.keys()];
  if (!graph.states.has(graph.startAt)) {
    throw new InvalidAslError(
      owner,
      `StartAt "${graph.startAt}" is not one of its states: ${known.join(', ')}`,
    );
  }
  const reached = new Set([graph.startAt]);
  // A Set iterates over what is added on the way.
  for (const name of reached) {
    for (const target of targetsOf(graph.states.get(name)!)) {
      if (!graph.states.has(target)) {
        throw new InvalidAslError(
          name,
          `target "${target}" is not a state of its scope: ${known.join(', ')}`,
        );
      }
      reached.add(target);
    }
  }
  const lost = known.find((name) => !reached.has(name));
  if (lost !== undefined) throw new InvalidAslError(lost, `nothing leads to it from "${graph.startAt}"`);
}
