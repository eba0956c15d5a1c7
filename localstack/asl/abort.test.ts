import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { abortable, Interrupted, sleepFor, withTimeout } from './abort.ts';

const DAY_MS = 24 * 3600 * 1000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('sleepFor', () => {
  it('sleeps longer than one timer can (24.8 days), to the millisecond', async () => {
    let isAwake = false;
    const slept = sleepFor(60 * DAY_MS, new AbortController().signal).then(() => {
      isAwake = true;
    });
    await vi.advanceTimersByTimeAsync(60 * DAY_MS - 1);
    expect(isAwake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await slept;
    expect(isAwake).toBe(true);
  });

  it("ends with the signal's reason and leaves no timer behind", async () => {
    const controller = new AbortController();
    const slept = sleepFor(DAY_MS, controller.signal);
    controller.abort(new Interrupted('stopped'));
    await expect(slept).rejects.toThrow('interrupted: stopped');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('withTimeout', () => {
  const reason = new Error('too slow');

  it('aborts at the time, not before, and never starts at 0', async () => {
    const { signal } = new AbortController();
    const slow = () => withTimeout(1000, signal, reason, (within) => sleepFor(1001, within));
    const inTime = () => withTimeout(1000, signal, reason, (within) => sleepFor(999, within));
    const outcomes = Promise.allSettled([slow(), inTime()]);
    await vi.advanceTimersByTimeAsync(1001);
    expect((await outcomes).map((outcome) => outcome.status)).toEqual(['rejected', 'fulfilled']);
    const work = vi.fn();
    await expect(withTimeout(0, signal, reason, work)).rejects.toBe(reason);
    expect(work).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('abortable', () => {
  it('does not wait for work once the signal has aborted', async () => {
    const aborted = AbortSignal.abort(new Interrupted('cancelled'));
    await expect(abortable(new Promise(() => undefined), aborted)).rejects.toThrow('interrupted: cancelled');
  });
});
