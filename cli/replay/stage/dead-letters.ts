/** Events that nobody handled: each handed to its function or state machine again, and deleted once that has succeeded. */
import { type Letter, readLetter } from './letter.ts';
import type { Deployment, Queue, Received, ReplayOptions } from './ports.ts';
import { newTally, type Tally } from './tally.ts';

/** Of one queue in one run. */
const MOST_MESSAGES = 1000;
/** A queue that gives nothing but what was seen in this run already has nothing else, as far as can be told. */
const MOST_REPEATS = 3;

type LetterDeps = Pick<Deployment, 'stage' | 'deadLetters' | 'invoke' | 'pipelines'>;

/**
 * One message after another, each once a run: one that fails again is put back at the end, for people and the next run. Delivery is at
 * least once, so handlers are told twice what they know by its name: windows are judged, versions tried and runs started once.
 */
export async function replayDeadLetters(
  deployment: LetterDeps,
  options: ReplayOptions,
  mostMessages: number = MOST_MESSAGES,
): Promise<Tally> {
  const tally = newTally();
  for (const queue of await deployment.deadLetters())
    await replayQueue(deployment, queue, options, mostMessages, tally);
  return tally;
}

async function replayQueue(
  deployment: LetterDeps,
  queue: Queue,
  { isDry, progress }: ReplayOptions,
  mostMessages: number,
  tally: Tally,
): Promise<void> {
  const seen = new Set<string>();
  const kept = new Map<string, Received>();
  try {
    for (let repeats = 0; repeats < MOST_REPEATS; ) {
      const message = await queue.receive();
      if (!message) break;
      if (seen.has(message.id)) {
        repeats += 1;
        kept.set(message.id, message);
        continue;
      }
      if (seen.size >= mostMessages) {
        kept.set(message.id, message);
        tally.hasMore = true;
        break;
      }
      repeats = 0;
      seen.add(message.id);
      const isDone = await replayMessage(deployment, queue, message, isDry, tally);
      if (!isDone) kept.set(message.id, message);
      progress(`${queue.name}: ${seen.size} messages read`);
    }
  } finally {
    // they show themselves in the end, whether this succeeds or not
    await Promise.allSettled([...kept.values()].map((message) => queue.release(message)));
  }
}

/** @returns whether the message is gone */
async function replayMessage(
  deployment: LetterDeps,
  queue: Queue,
  message: Received,
  isDry: boolean,
  tally: Tally,
): Promise<boolean> {
  const where = `${queue.name} message ${message.id}`;
  const letter = readLetter(deployment.stage, message);
  if (letter.kind === 'unreadable') {
    tally.unreadable.push({ where, reason: letter.reason });
    return false;
  }
  try {
    const outcome = isDry ? planned(letter) : await redeliver(deployment, letter);
    if (typeof outcome === 'object') {
      tally.failed.push({ where, reason: outcome.reason });
      return false;
    }
    if (!isDry) await queue.delete(message);
    tally[outcome] += 1;
    return !isDry;
  } catch (error) {
    tally.failed.push({ where, reason: (error as Error).message });
    return false;
  }
}

type Redelivered = 'replayed' | 'alreadyThere' | 'skipped' | { readonly reason: string };
type Readable = Exclude<Letter, { kind: 'unreadable' }>;

const planned = ({ kind }: Readable): Redelivered => (kind === 'outdated' ? 'skipped' : 'replayed');

async function redeliver({ invoke, pipelines }: LetterDeps, letter: Readable): Promise<Redelivered> {
  if (letter.kind === 'outdated') return 'skipped';
  if (letter.kind === 'start') {
    const { started } = await pipelines.start(letter.machine, letter.name, letter.input);
    return started ? 'replayed' : 'alreadyThere';
  }
  const invoked = await invoke(letter.fn, letter.payload);
  return invoked.ok ? 'replayed' : { reason: `${letter.fn}: ${invoked.reason}` };
}
