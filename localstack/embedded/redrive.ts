/** Executions that storage has stopped for a moment: logged, and taken up again a little later. */
import type { Deps } from '#shared/deps.ts';

export interface RedriveOptions {
  /** The engine's; takes up what is RUNNING and not driven. */
  readonly resume: () => Promise<unknown>;
  readonly log: Deps['log'];
  /** From an error to the next try; 5 s unless told. */
  readonly delayMs?: number;
}

export interface Redrive {
  /** For the engine's `onError`. */
  onError(execution: string, error: unknown): void;
  /** Resolves when the try under way, if any, is over. */
  stop(): Promise<void>;
}

export function createRedrive({ resume, log, delayMs = 5000 }: RedriveOptions): Redrive {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;

  /** One try serves all that wait for it. */
  function plan(): void {
    if (isStopped || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      running = tryAgain();
    }, delayMs);
  }

  async function tryAgain(): Promise<void> {
    try {
      await resume();
    } catch (error) {
      if (isStopped) return;
      log('error', 'interrupted runs could not be taken up again; trying later', { error: String(error) });
      plan();
    }
  }

  return {
    onError(execution, error) {
      log('error', 'a run was interrupted; it will be taken up again', { execution, error: String(error) });
      plan();
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
