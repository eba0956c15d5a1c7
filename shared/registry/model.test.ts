import { describe, expect, test } from 'vitest';
import { smallRecord } from '../testing/small-model.ts';
import { modelRecordSchema } from './model.ts';

describe('monitor policy', () => {
  test('without a word judges no segments, allows one false alarm a month and corrects by Benjamini-Hochberg', () => {
    expect(smallRecord().monitor).toMatchObject({
      segments: [],
      false_alarms_per_month: 1,
      correction: 'bh',
    });
  });

  test('takes a categorical feature as a segment', () => {
    expect(smallRecord({ monitor: { segments: ['colour'] } }).monitor.segments).toEqual(['colour']);
  });

  test('refuses a segment that is a number or no feature at all, and names what is allowed', () => {
    for (const name of ['weight', 'color', 'value'])
      expect(() => smallRecord({ monitor: { segments: [name] } })).toThrow(
        `segment \\"${name}\\" is not a categorical feature; allowed: colour`,
      );
  });

  test('refuses the same segment twice: its rows would be counted twice', () => {
    expect(() => smallRecord({ monitor: { segments: ['colour', 'colour'] } })).toThrow('named twice');
  });

  test('takes five segments and not six', () => {
    const names = Array.from({ length: 6 }, (_, at) => `c${at}`);
    const { schema, ...record } = smallRecord();
    const features = names.map((name) => ({ name, kind: 'categorical' as const }));
    const parse = (segments: readonly string[]) =>
      modelRecordSchema.safeParse({
        ...record,
        schema: { ...schema, features },
        monitor: { segments },
      }).success;
    expect([parse(names.slice(0, 5)), parse(names)]).toEqual([true, false]);
  });

  test('takes a budget of false alarms above 0 and up to 1000', () => {
    const parse = (false_alarms_per_month: number) =>
      modelRecordSchema.safeParse({ ...smallRecord(), monitor: { false_alarms_per_month } }).success;
    expect([0, 0.0009, 0.001, 1000, 1001].map(parse)).toEqual([false, false, true, true, false]);
  });

  test('refuses what could never alarm, or says two things at once, with the values', () => {
    expect(() => smallRecord({ monitor: { m: 4 } })).toThrow('m is 4, n is 3');
    expect(smallRecord({ monitor: { m: 3 } }).monitor.m).toBe(3);
    expect(() => smallRecord({ monitor: { psi_warning: 0.4 } })).toThrow('below psi_warning, 0.4');
    expect(smallRecord({ monitor: { psi_warning: 0.3 } }).monitor.psi_warning).toBe(0.3);
    expect(() => smallRecord({ monitor: { window_rows: 49 } })).toThrow('a verdict needs min_rows, 50');
    expect(smallRecord({ monitor: { window_rows: 50 } }).monitor.window_rows).toBe(50);
  });

  test('refuses what would switch alarms off unseen: more windows than are looked back on, tiers out of reach', () => {
    const parse = (monitor: object) => modelRecordSchema.safeParse({ ...smallRecord(), monitor }).success;
    expect([parse({ m: 30, n: 30 }), parse({ m: 31, n: 31 })]).toEqual([true, false]);
    expect([parse({ psi_critical: 10 }), parse({ psi_critical: 11 })]).toEqual([true, false]);
    expect([parse({ window_ms: 31 * 86_400_000 }), parse({ window_ms: 31 * 86_400_000 + 1 })]).toEqual([
      true,
      false,
    ]);
  });

  test('takes no more segments than the monitor has memory for', () => {
    const { schema, ...record } = smallRecord();
    const features = Array.from({ length: 101 }, (_, at) => ({
      name: `c${at}`,
      kind: 'categorical' as const,
    }));
    const parse = (segments: readonly string[]) =>
      modelRecordSchema.safeParse({ ...record, schema: { ...schema, features }, monitor: { segments } })
        .success;
    expect([parse(['c0']), parse(['c0', 'c1'])]).toEqual([true, false]);
  });

  test('does not let p-values go uncorrected', () => {
    const monitor = { correction: 'none' };
    expect(modelRecordSchema.safeParse({ ...smallRecord(), monitor }).success).toBe(false);
  });
});
