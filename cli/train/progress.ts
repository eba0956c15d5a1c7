/** Progress of training on stderr: one line that renews itself on a terminal, a line every few seconds elsewhere. */
import type { TrainStage } from '#shared/retrain/train-set.ts';
import { startHeartbeat } from './heartbeat.ts';

const EVERY_MS = { terminal: 200, file: 4000 };
/** A step that tells nothing for so long is spoken for. */
const SILENCE_MS = 4300;

const STAGES: Readonly<Record<TrainStage | 'read', string>> = {
  read: 'reading',
  search: 'searching settings',
  fit: 'fitting',
  check: 'checking the ONNX file',
};

export interface TrainProgress {
  /** A line that stays. */
  say(text: string): void;
  at(stage: TrainStage | 'read', share: number): void;
  end(): void;
}

export function trainProgress(out: typeof process.stderr): TrainProgress {
  const started = Date.now();
  let told = started;
  const isTerminal = out.isTTY === true;
  const heartbeat = startHeartbeat(out.fd, SILENCE_MS, isTerminal);
  heartbeat.at('working');
  const clear = () => {
    if (isTerminal) out.write('\r\u001b[K');
  };
  return {
    say(text) {
      told = Date.now();
      clear();
      out.write(`${text}\n`);
      heartbeat.told();
    },
    at(stage, share) {
      heartbeat.at(STAGES[stage]);
      const now = Date.now();
      if (now - told < (isTerminal ? EVERY_MS.terminal : EVERY_MS.file)) return;
      told = now;
      heartbeat.told();
      const text = `${STAGES[stage]}, ${Math.floor(100 * share)} %, ${Math.round((now - started) / 1000)} s`;
      clear();
      out.write(isTerminal ? text : `${text}\n`);
    },
    end() {
      heartbeat.end();
      clear();
    },
  };
}
