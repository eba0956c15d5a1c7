/** Long work in turns with all else that a process does: the embedded host predicts where it explains. */

/** A prediction beside it waits no longer than this and one step, however much work there is. */
const TURN_MS = 4;

const waiting: (() => void)[] = [];

/** Resolves in the order of the calls, one of them in each round of the event loop: requests are taken in between. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(grant);
  });
}

function grant(): void {
  waiting[0]?.();
  waiting.shift();
  if (waiting.length > 0) setImmediate(grant);
}

/**
 * For loops that await anyway.
 *
 * @returns a function to await between two short pieces of work: it lets others in where the last time is some milliseconds ago
 */
export function createPause(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < TURN_MS) return;
    await nextTurn();
    began = performance.now();
  };
}

/**
 * Takes steps to their end, and lets others in every few milliseconds.
 *
 * @param steps - a generator whose steps are short
 * @param onTurn - called at the end of a turn; throws to give up
 * @returns what the generator returns
 */
export async function inTurns<Result>(
  steps: Generator<unknown, Result>,
  onTurn: () => void = () => undefined,
): Promise<Result> {
  await nextTurn();
  for (let began = performance.now(); ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - began < TURN_MS) continue;
    onTurn();
    await nextTurn();
    began = performance.now();
  }
}
