/** Events on EventBridge: how a verdict reaches the pipeline and its subscribers on AWS. */
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { DomainEvent, Events } from '../ports/events.ts';

export interface EventBridgeEventsOptions {
  readonly client: EventBridgeClient;
  readonly busName: string;
  /** The `source` that the rules match. */
  readonly source: string;
}

/** The bus answered 200 and refused the event all the same. */
export class EventRejectedError extends Error {
  override readonly name = 'EventRejectedError';
}

/**
 * @example
 * const events = createEventBridgeEvents({ client: new EventBridgeClient({}), busName: 'default', source: 'tidemark' });
 * await events.publish({ type: 'DriftConfirmed', detail: { model: 'churn' } });
 */
export function createEventBridgeEvents(options: EventBridgeEventsOptions): Events {
  const { client, busName, source } = options;
  return {
    async publish({ type, detail }: DomainEvent): Promise<void> {
      const { FailedEntryCount = 0, Entries = [] } = await client.send(
        new PutEventsCommand({
          Entries: [
            { EventBusName: busName, Source: source, DetailType: type, Detail: JSON.stringify(detail) },
          ],
        }),
      );
      if (FailedEntryCount === 0) return;
      const { ErrorCode = 'unknown', ErrorMessage = 'no message' } = Entries[0] ?? {};
      throw new EventRejectedError(
        `event ${type} was rejected by bus ${busName}: ${ErrorCode}: ${ErrorMessage}`,
      );
    },
  };
}
