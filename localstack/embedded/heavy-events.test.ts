import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createHeavyEvents } from './heavy-events.ts';

describe('an event for a heavy function', () => {
  test('is tried again when its process ends, and given up after the third time', async () => {
    const logged: unknown[] = [];
    let calls = 0;
    const events = createHeavyEvents({
      invoke: async () => {
        calls += 1;
        throw new Error('the task process ended (SIGKILL)');
      },
      log: (_, __, detail) => logged.push(detail),
    });
    events.deliver('trial', {});
    await expect.poll(() => logged.length, { timeout: 5000 }).toBe(3);
    await sleep(50);
    expect(calls).toBe(3);
    expect(logged.at(-1)).toMatchObject({ handler: 'trial', attempt: 3 });
  });

  test('that succeeds is not tried again', async () => {
    let calls = 0;
    const events = createHeavyEvents({ invoke: async () => ++calls, log: () => undefined });
    events.deliver('trial', {});
    await events.stop();
    expect(calls).toBe(1);
  });

  test('ends with the host: what is under way is given up, and nothing begins again', async () => {
    let calls = 0;
    const events = createHeavyEvents({
      invoke: (_, __, signal) => {
        calls += 1;
        return new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      log: () => expect.unreachable('no fault of the event'),
    });
    events.deliver('trial', {});
    await events.stop();
    events.deliver('trial', {});
    await events.stop();
    expect(calls).toBe(1);
  });
});
