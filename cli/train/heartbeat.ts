/** Says that work goes on while it holds up the process: a thread of its own that speaks where nothing was said. */
import { Worker } from 'node:worker_threads';

export interface Heartbeat {
  /** What is being done from now on, in at most 100 bytes. */
  at(stage: string): void;
  /** Something has been said just now. */
  told(): void;
  end(): void;
}

/** What the thread and its caller share: when something was said last, and how long the text is that says what is done. */
const [TOLD, LENGTH, IS_OVER] = [0, 1, 2] as const;
const MOST_TEXT = 100;

/**
 * Writes `<stage>, <seconds> s` to a file descriptor whenever nothing has been told for so long.
 *
 * @param silenceMs - at most so long, milliseconds, and 250 more
 * @param isTerminal - renews the last line instead of adding one
 */
export function startHeartbeat(fd: number, silenceMs: number, isTerminal: boolean): Heartbeat {
  const started = Date.now();
  const memory = new SharedArrayBuffer(12 + MOST_TEXT);
  const control = new Int32Array(memory, 0, 3);
  const text = new Uint8Array(memory, 12);
  const worker = new Worker(`(${beat})(require('node:fs'), require('node:worker_threads').workerData)`, {
    eval: true,
    execArgv: [],
    workerData: { memory, fd, silenceMs, isTerminal, started },
  });
  worker.unref();
  // without it training is as good, only quiet
  worker.on('error', () => undefined);
  return {
    at(stage) {
      Atomics.store(control, LENGTH, new TextEncoder().encodeInto(stage, text).written);
    },
    told() {
      Atomics.store(control, TOLD, Date.now() - started);
    },
    end() {
      Atomics.store(control, IS_OVER, 1);
      Atomics.notify(control, IS_OVER);
    },
  };
}

interface Beat {
  readonly memory: SharedArrayBuffer;
  readonly fd: number;
  readonly silenceMs: number;
  readonly isTerminal: boolean;
  readonly started: number;
}

/** Refers to nothing but its arguments: it is started as source text. */
function beat(
  { writeSync }: typeof import('node:fs'),
  { memory, fd, silenceMs, isTerminal, started }: Beat,
): void {
  const control = new Int32Array(memory, 0, 3);
  const text = new Uint8Array(memory, 12);
  while (Atomics.wait(control, 2, 0, 250) === 'timed-out') {
    const now = Date.now() - started;
    if (now - Atomics.load(control, 0) < silenceMs) continue;
    Atomics.store(control, 0, now);
    const stage = Buffer.from(text.slice(0, Atomics.load(control, 1))).toString('utf8');
    const line = `${stage}, ${Math.round(now / 1000)} s`;
    try {
      writeSync(fd, isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
    } catch {
      return;
    }
  }
}
