import { describe, expect, test } from 'vitest';
import { compareFeature } from '../drift/compare-feature.ts';
import { addColumns } from '../profile/add-columns.ts';
import { type Anchors, buildAnchors } from '../profile/anchors.ts';
import { emptyProfile, featureOf, type Profile } from '../profile/profile.ts';
import { numeric, profileOf } from '../profile/testing.ts';
import { normal, seededRandom } from '../random.ts';
import { judgeFeatures } from '../verdict/judge-features.ts';
import { isAlarm } from '../verdict/level.ts';
import { defaultDriftPolicy } from '../verdict/policy.ts';
import { DAY_MS, type Seasonal, SLOT_MS, seasonalOf, seasonalReference, slotOf } from './seasonal.ts';
import { type SubWindow, subWindowEffects } from './sub-windows.ts';

const day = Date.UTC(2026, 10, 21);
const hour = (at: number, length = 1) => ({ start: day + at * SLOT_MS, end: day + (at + length) * SLOT_MS });
const anchors = buildAnchors([numeric('x', [1, 2, 3, 4, 5]), numeric('$loss', [0, 1], 'loss')]);

/** `rows` ones in each of the given hours. */
function seasonal(rows: Readonly<Record<number, number>>, days = 3): Seasonal | null {
  const slots = new Map<number, Profile>();
  for (const [slot, count] of Object.entries(rows))
    slots.set(Number(slot), profileOf([numeric('x', Array(count).fill(1))], anchors));
  return seasonalOf(anchors, slots, { start: day, end: day + days * DAY_MS });
}

const rowsIn = (reference: ReturnType<typeof seasonalReference>) =>
  reference.computable ? featureOf(reference.profile, 'x').count : reference.reason;

describe('the hours of a seasonal reference', () => {
  test('are those of UTC', () => {
    expect(slotOf(Date.UTC(2026, 0, 1, 0, 0, 0, 0))).toBe(0);
    expect(slotOf(Date.UTC(2026, 6, 1, 23, 59, 59, 999))).toBe(23);
  });

  test('are those the window touches, in full and once each, over midnight too', () => {
    const known = seasonal({ 0: 1000, 1: 200, 22: 300, 23: 400 });
    expect(rowsIn(seasonalReference(known, hour(1)))).toBe(200);
    expect(rowsIn(seasonalReference(known, hour(0.25, 0.25)))).toBe(1000);
    expect(rowsIn(seasonalReference(known, hour(0.5, 1)))).toBe(1200);
    expect(rowsIn(seasonalReference(known, hour(22, 3)))).toBe(1700);
    expect(rowsIn(seasonalReference(known, hour(1.5, 23.4)))).toBe(1900);
  });

  test('serve windows shorter than a day only', () => {
    const known = seasonal({ 0: 1000 });
    expect(rowsIn(seasonalReference(known, { start: day, end: day + DAY_MS - 1 }))).toBe(1000);
    expect(rowsIn(seasonalReference(known, { start: day, end: day + DAY_MS }))).toMatch(/a day or longer/);
  });

  test('need 200 rows together', () => {
    const known = seasonal({ 3: 100, 4: 100, 5: 99 });
    expect(rowsIn(seasonalReference(known, hour(3, 2)))).toBe(200);
    expect(rowsIn(seasonalReference(known, hour(4, 2)))).toBe(
      '199 baseline rows in the same hours of the day (4, 5 UTC); 200 needed',
    );
    expect(rowsIn(seasonalReference(known, hour(9)))).toMatch(/^0 baseline rows/);
  });

  test('are known of a baseline over three days, and of no shorter one', () => {
    expect(seasonal({ 0: 1000 }, 3)).not.toBeNull();
    expect(seasonal({ 0: 1000 }, 2.95)).toBeNull();
    expect(rowsIn(seasonalReference(null, hour(0)))).toMatch(/fewer than 3 days/);
  });
});

describe('hourly windows of a daily cycle of 0.7 σ without drift', () => {
  const rowsAnHour = 200;
  const baselineDays = 14;
  const { whole, hours, effects, current } = simulate(
    (at, random) => 0.7 * Math.sin((2 * Math.PI * slotOf(at)) / 24) + normal(random),
  );

  function simulate(draw: (at: number, random: () => number) => number) {
    const random = seededRandom(20260103);
    const window = (start: number) =>
      numeric(
        'x',
        Array.from({ length: rowsAnHour }, () => draw(start, random)),
      );
    const starts = (days: number, from: number) =>
      Array.from({ length: days * 24 }, (_, at) => from + at * SLOT_MS);
    const columns = starts(baselineDays, day).map((start) => ({ start, column: window(start) }));
    const on = buildAnchors([
      numeric(
        'x',
        columns.flatMap(({ column }) => [...column.values]),
      ),
    ]);
    const whole = emptyProfile(on);
    const slots = new Map<number, Profile>();
    for (const { start, column } of columns) {
      const slot = slots.get(slotOf(start)) ?? emptyProfile(on);
      slots.set(slotOf(start), slot);
      addColumns(whole, [column]);
      addColumns(slot, [column]);
    }
    const subWindows: SubWindow[] = columns.map(({ start, column }) => ({
      start,
      profile: () => profileOf([column], on),
    }));
    const hours = seasonalOf(on, slots, { start: day, end: day + baselineDays * DAY_MS });
    const current = starts(40, day + 30 * DAY_MS).map((start) => ({
      window: { start, end: start + SLOT_MS },
      profile: profileOf([window(start)], on),
    }));
    const effects = {
      sameHours: subWindowEffects(on, subWindows, true).get('x') ?? Number.NaN,
      allHours: subWindowEffects(on, subWindows, false).get('x') ?? Number.NaN,
    };
    return { whole, hours, effects, current };
  }

  function judge(designEffect: number, referenceOf: (window: { start: number; end: number }) => Profile) {
    let [alarms, rejected] = [0, 0];
    for (const { window, profile } of current) {
      const drift = compare(referenceOf(window), profile, designEffect);
      if (drift.computable && drift.pValue <= 0.05) rejected++;
      if (isAlarm(judgeFeatures([drift], defaultDriftPolicy)[0]!.level)) alarms++;
    }
    return { alarms: alarms / current.length, rejected: rejected / current.length };
  }

  function compare(reference: Profile, profile: Profile, designEffect: number) {
    const on: Anchors = reference.anchors;
    return compareFeature(on.anchors[0]!, featureOf(reference, 'x'), featureOf(profile, 'x'), {
      designEffect,
    });
  }

  const sameHours = (window: { start: number; end: number }): Profile => {
    const reference = seasonalReference(hours, window);
    if (!reference.computable) throw new Error(reference.reason);
    return reference.profile;
  };

  test('alarm in more than half of them against the whole baseline', () => {
    const { alarms, rejected } = judge(1, () => whole);
    expect(alarms).toBeGreaterThan(0.5);
    expect(rejected).toBeGreaterThan(0.8);
  });

  test('alarm in at most 1 % against the same hours, with p ≤ 0.05 in 3–8 %', () => {
    const { alarms, rejected } = judge(1, sameHours);
    expect(alarms).toBeLessThanOrEqual(0.01);
    expect(rejected).toBeGreaterThan(0.03);
    expect(rejected).toBeLessThan(0.08);
  });

  test('differ from windows of the same hour by chance alone, and from all others more than five times as much', () => {
    expect(effects.sameHours).toBeGreaterThanOrEqual(1);
    expect(effects.sameHours).toBeLessThan(1.15);
    expect(effects.allHours).toBeGreaterThan(5);
  });

  test('are still found drifted by 0.7 σ against the same hours', () => {
    const random = seededRandom(20260104);
    const { start } = current[6]!.window;
    const values = Array.from({ length: rowsAnHour }, () => 1.4 + normal(random));
    const drifted = profileOf([numeric('x', values)], whole.anchors);
    const reference = sameHours({ start, end: start + SLOT_MS });
    const drift = compare(reference, drifted, effects.sameHours);
    expect(isAlarm(judgeFeatures([drift], defaultDriftPolicy)[0]!.level)).toBe(true);
  });
});
