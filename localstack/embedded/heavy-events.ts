/** Events for heavy functions: handled in the task process, retried, and none of them holds up the host's end. */
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';

export interface HeavyEventsOptions {
  readonly invoke: (name: FunctionName, payload: Json, signal: AbortSignal) => Promise<unknown>;
  readonly log: Deps['log'];
}

export interface HeavyEvents {
  /** Answers at once; what is lost when the process dies is told again by its sender. */
  deliver(name: FunctionName, event: Json): void;
  /** Gives up what is under way; resolves when nothing is. */
  stop(): Promise<void>;
}

const attempts = 3;
const retryMs = 500;

export function createHeavyEvents({ invoke, log }: HeavyEventsOptions): HeavyEvents {
  const running = new Set<Promise<void>>();
  const ending = new AbortController();

  async function handle(name: FunctionName, event: Json): Promise<void> {
    const { timeoutSeconds }: FunctionSpec = functions[name];
    for (let attempt = 1; attempt <= attempts && !ending.signal.aborted; attempt++) {
      try {
        const timeout = AbortSignal.timeout(1000 * timeoutSeconds);
        await invoke(name, event, AbortSignal.any([timeout, ending.signal]));
        return;
      } catch (error) {
        if (ending.signal.aborted) return;
        log('error', 'an event could not be handled', { handler: name, attempt, error: String(error) });
        await new Promise((resolve) => setTimeout(resolve, retryMs * attempt));
      }
    }
  }

  return {
    deliver(name, event) {
      const delivery: Promise<void> = handle(name, event).finally(() => running.delete(delivery));
      running.add(delivery);
    },
    async stop() {
      ending.abort();
      while (running.size > 0) await Promise.all(running);
    },
  };
}
