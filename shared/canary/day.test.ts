import { describe, expect, test } from 'vitest';
import {
  type CanaryState,
  firstDay,
  nextDay,
  nextStep,
  outcomeOf,
  type Phase,
  withNotice,
  withWritten,
} from './day.ts';

const hour = 3_600_000;
const minute = 60_000;
/** Three hours before midnight, so that a day of the canary is in two of the calendar. */
const start = Date.UTC(2026, 10, 21, 22);
const begun = firstDay(start - 20 * minute, hour);
const written = (state: CanaryState, ...phases: Phase[]): CanaryState =>
  phases.reduce((before, phase) => withWritten(before, before.day.startsAt, phase) ?? before, state);
const stepAt = (state: CanaryState | undefined, hours: number) => nextStep(state, start + hours * hour, hour);

describe('a day of the canary', () => {
  test('begins with the next whole hour, also where this one has just begun', () => {
    expect(begun.day.startsAt).toBe(start);
    expect(firstDay(start, hour).day.startsAt).toBe(start + hour);
    expect(nextStep(undefined, start, hour)).toEqual({ kind: 'begin', reason: 'the canary is new' });
    expect(stepAt(begun, -0.1)).toEqual({ kind: 'wait' });
  });

  test('has a phase an hour, over midnight, and each is written up to five minutes before its window ends', () => {
    const phaseAt = (state: CanaryState, hours: number) => {
      const step = stepAt(state, hours);
      return step.kind === 'write' ? [step.phase, step.until] : step.kind;
    };
    expect(phaseAt(begun, 0)).toEqual(['before', start + 55 * minute]);
    expect(phaseAt(begun, 54.9 / 60)).toEqual(['before', start + 55 * minute]);
    expect(phaseAt(begun, 55 / 60)).toBe('wait');
    expect(phaseAt(written(begun, 'before'), 0.5)).toBe('wait');
    expect(phaseAt(written(begun, 'before'), 1)).toEqual(['drifted', start + 115 * minute]);
    expect(phaseAt(written(begun, 'before', 'drifted'), 2)).toEqual(['after', start + 175 * minute]);
    expect(phaseAt(written(begun, 'before', 'drifted'), 3)).toBe('wait');
    expect(phaseAt(written(begun, 'before', 'drifted', 'after'), 3.99)).toBe('wait');
    expect(phaseAt(written(begun, 'before', 'drifted', 'after'), 4)).toBe('judge');
  });

  test('goes on without a calm phase that was missed, and not without the drifted one', () => {
    expect(stepAt(begun, 1)).toMatchObject({ kind: 'write', phase: 'drifted' });
    expect(stepAt(written(begun, 'before'), 1.95)).toEqual({ kind: 'wait' });
    const lost = written(begun, 'before');
    expect(stepAt(lost, 2)).toEqual({ kind: 'judge' });
    expect(outcomeOf(lost, start + 2 * hour)).toBe('void');
    const again = nextDay(lost, start + 2 * hour, false);
    expect(again).toEqual({ ...begun, day: { startsAt: start + 3 * hour, hourMs: hour, written: [] } });
  });

  test('is noticed by an alert that began when its drifted window was over, and by no earlier one', () => {
    const state = written(begun, 'before', 'drifted');
    expect(withNotice(state, start + 2 * hour - 1, start + 2.1 * hour)).toBeUndefined();
    const noticed = withNotice(state, start + 2 * hour, start + 2.1 * hour)!;
    expect(noticed).toMatchObject({ noticedAt: start + 2.1 * hour, noticedDay: start });
    expect(withNotice(noticed, start + 2 * hour, start + 3 * hour)).toBeUndefined();
    expect(outcomeOf(noticed, start + 4 * hour)).toBe('noticed');
    expect(nextDay(noticed, start + 4 * hour, false)).toMatchObject({
      day: { startsAt: start + 24 * hour, written: [] },
      dueAt: start + 30 * hour,
      noticedAt: start + 2.1 * hour,
    });
  });

  test('whose drift nobody noticed is missed at once, overdue at once, and repeated in the next hour until one is noticed', () => {
    const state = written(begun, 'before', 'drifted', 'after');
    expect(outcomeOf(state, start + 4 * hour)).toBe('missed');
    const again = nextDay(state, start + 4 * hour, false);
    expect(again).toMatchObject({
      day: { startsAt: start + 5 * hour },
      missedSince: start + 4 * hour,
      dueAt: start + 4 * hour,
    });
    const twice = nextDay(written(again, 'drifted'), start + 9 * hour, false);
    expect(twice).toMatchObject({ missedSince: start + 4 * hour, dueAt: start + 4 * hour });
    const noticed = withNotice(written(again, 'drifted'), start + 7 * hour, start + 7.2 * hour)!;
    const mended = nextDay(noticed, start + 9 * hour, false);
    expect(mended).not.toHaveProperty('missedSince');
    expect(mended.dueAt).toBe(start + 35 * hour);
  });

  test('that could not be injected is missed from six hours after its beginning on, not a minute sooner', () => {
    expect(outcomeOf(begun, start + 6 * hour - minute)).toBe('void');
    expect(outcomeOf(begun, start + 6 * hour)).toBe('missed');
  });

  test('is not made of pieces: what a second invocation wrote is counted once, and nothing of another day', () => {
    const state = written(begun, 'before');
    expect(withWritten(state, start, 'before')).toBeUndefined();
    expect(withWritten(state, start - 24 * hour, 'drifted')).toBeUndefined();
  });

  test('waits for a clock that was set back by hours, and begins anew where it was set back by more than a day', () => {
    const state = written(begun, 'before', 'drifted');
    expect(stepAt(state, -5)).toEqual({ kind: 'wait' });
    expect(stepAt(state, 0.5)).toEqual({ kind: 'wait' });
    expect(stepAt(state, -24)).toEqual({ kind: 'wait' });
    expect(stepAt(state, -24.01)).toEqual({ kind: 'begin', reason: 'the clock was set back' });
  });

  test('after a clock that jumped days ahead the next day is ahead, not one of those that were left out', () => {
    const noticed = withNotice(written(begun, 'drifted'), start + 2 * hour, start + 2.1 * hour)!;
    expect(stepAt(noticed, 100)).toEqual({ kind: 'judge' });
    expect(nextDay(noticed, start + 100 * hour, false).day.startsAt).toBe(start + 101 * hour);
  });

  test('begins anew where windows have another length', () => {
    expect(nextStep(begun, start, hour / 60)).toEqual({
      kind: 'begin',
      reason: 'windows have another length',
    });
  });
});
