/** Progress of training on stderr: one line that renews itself on a terminal, a line every few seconds elsewhere. */
import type { TrainStage } from '#shared/retrain/train-set.ts';

const EVERY_MS = { terminal: 200, file: 4000 };

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

export function trainProgress(out: NodeJS.WriteStream): TrainProgress {
  const started = Date.now();
  let told = started;
  let hasLine = false;
  const clear = () => {
    if (hasLine) out.write('\r\u001b[K');
    hasLine = false;
  };
  return {
    say(text) {
      clear();
      out.write(`${text}\n`);
    },
    at(stage, share) {
      const now = Date.now();
      if (now - told < (out.isTTY ? EVERY_MS.terminal : EVERY_MS.file)) return;
      told = now;
      const text = `${STAGES[stage]}, ${Math.floor(100 * share)} %, ${Math.round((now - started) / 1000)} s`;
      clear();
      hasLine = out.isTTY === true;
      out.write(hasLine ? text : `${text}\n`);
    },
    end: clear,
  };
}
