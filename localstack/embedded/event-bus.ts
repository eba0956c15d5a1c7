/** The embedded event bus: domain events to their subscribers, in EventBridge's shape, retried, drained at shutdown. */
import { randomUUID } from 'node:crypto';
import { eventSource, type FunctionName, type MachineName, subscriptions } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import type { DomainEvent, Events } from '#shared/ports/events.ts';

export interface EventBusOptions {
  readonly invoke: (name: FunctionName, event: unknown) => Promise<unknown>;
  readonly start: (machine: MachineName, name: string, input: Json) => Promise<unknown>;
  readonly log: Deps['log'];
}

export interface EventBus extends Events {
  /** Resolves when no delivery is under way. */
  drain(): Promise<void>;
}

const attempts = 3;
const retryMs = 500;

/**
 * A state machine is started before `publish` answers, so a confirmed drift is durable with its report; a handler is called after
 * it. What is lost when the process dies in between is told again by its sender: windows by the claim's expiry.
 */
export function createEventBus({ invoke, start, log }: EventBusOptions): EventBus {
  const running = new Set<Promise<void>>();

  async function deliver(name: FunctionName, event: DomainEvent): Promise<void> {
    const id = randomUUID();
    const envelope = { id, source: eventSource, 'detail-type': event.type, detail: event.detail };
    for (let attempt = 1; attempt <= attempts; attempt++) {
      try {
        await invoke(name, envelope);
        return;
      } catch (error) {
        log('error', 'an event could not be handled', {
          event: event.type,
          handler: name,
          attempt,
          error: String(error),
        });
        await new Promise((resolve) => setTimeout(resolve, retryMs * attempt));
      }
    }
  }

  return {
    async publish(event) {
      for (const subscription of subscriptions) {
        if (subscription.event !== event.type) continue;
        if ('stateMachine' in subscription) {
          await start(subscription.stateMachine, String(event.detail.execution_name), event.detail);
          continue;
        }
        const delivery: Promise<void> = deliver(subscription.handler, event).finally(() =>
          running.delete(delivery),
        );
        running.add(delivery);
      }
    },
    async drain() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
