import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import { createEventBridgeEvents, EventRejectedError } from './eventbridge-events.ts';

function open(answer: object) {
  const sent: PutEventsCommand[] = [];
  const client = {
    send: async (command: PutEventsCommand) => {
      sent.push(command);
      return answer;
    },
  } as unknown as EventBridgeClient;
  return { sent, events: createEventBridgeEvents({ client, busName: 'models', source: 'tidemark' }) };
}

const event = { type: 'DriftConfirmed', detail: { model: 'churn', psi: 0.3 } };

test('an event goes to its bus with its type as the detail-type that rules match', async () => {
  const { sent, events } = open({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] });
  await events.publish(event);
  expect(sent.map((command) => command.input)).toEqual([
    {
      Entries: [
        {
          EventBusName: 'models',
          Source: 'tidemark',
          DetailType: 'DriftConfirmed',
          Detail: '{"model":"churn","psi":0.3}',
        },
      ],
    },
  ]);
});

test('a 200 that rejects the event is an error that says why', async () => {
  const Entries = [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }];
  const { events } = open({ FailedEntryCount: 1, Entries });
  await expect(events.publish(event)).rejects.toThrow(EventRejectedError);
  await expect(events.publish(event)).rejects.toThrow(
    'DriftConfirmed was rejected by bus models: ThrottlingException',
  );
});
