import { describe, expect, test } from 'vitest';
import { buildAnchors } from '../profile/anchors.ts';
import { decodeProfile } from '../profile/encode.ts';
import { featureOf, rowsOf } from '../profile/profile.ts';
import { segmentKey } from '../profile/segments.ts';
import { categorical, numeric } from '../profile/testing.ts';
import { normal, seededRandom } from '../random.ts';
import { DAY_MS, SLOT_MS } from '../windows/seasonal.ts';
import { expectedContext } from './expected-context.ts';

const midnight = Date.UTC(2026, 10, 2);
const colours = ['blue', 'blue', 'red', 'green'];

interface Options {
  readonly from?: number;
  readonly stepMs?: number;
  readonly windowMs?: number;
  readonly inherited?: ReadonlyMap<string, number>;
  readonly segments?: readonly string[];
  /** Added to `x`. */
  readonly offset?: (at: number) => number;
}

/** `count` rows, the newest tenth of them held out. */
function context(count: number, options: Options = {}) {
  const { from = midnight, stepMs = SLOT_MS / 10, windowMs = DAY_MS, offset = () => 0, inherited } = options;
  const random = seededRandom(11);
  const at = Array.from({ length: count }, (_, row) => from + row * stepMs);
  const x = numeric(
    'x',
    at.map((ms) => offset(ms) + normal(random)),
  );
  const colour = categorical(
    'colour',
    at.map((_, row) => colours[row % colours.length]!),
  );
  const cut = Math.floor(count * 0.9);
  const answers = [numeric('$prediction', [...x.values.slice(cut)], 'prediction')];
  const losses = [
    numeric(
      '$loss',
      answers[0]!.values.map(() => random()),
      'loss',
    ),
  ];
  const anchors = buildAnchors([x, colour, ...answers, ...losses]);
  return expectedContext({
    anchors,
    features: { at, columns: [x, colour] },
    outputs: { at: at.slice(cut), columns: [...answers, ...losses] },
    heldOut: { features: [{ ...colour, values: colour.values.slice(cut) }], answers },
    windowMs,
    segments: options.segments ?? [],
    ...(inherited ? { inherited } : {}),
  });
}

/** 240 rows, a day at the usual pace. */
const days = (count: number) => count * 240;

describe('rows without a time', () => {
  test('have no hours and no windows, and keep the design effects of the champion for columns of the same name', () => {
    const inherited = new Map([
      ['x', 2.5],
      ['gone', 9],
    ]);
    const { seasonal, designEffects, subWindows } = context(days(10), { from: 0, stepMs: 1, inherited });
    expect(seasonal).toBeNull();
    expect(subWindows).toBe(0);
    expect([...designEffects]).toEqual([['x', 2.5]]);
  });

  test('are those numbered below 10¹¹', () => {
    expect(context(days(3), { from: 1e11 - days(3) * 1e6, stepMs: 1e6 }).seasonal).toBeNull();
    expect(context(days(3), { from: 1e11, stepMs: 1e6 }).seasonal).not.toBeNull();
  });
});

describe('design effects', () => {
  test('are about 1 for independent rows, and measured before they are inherited', () => {
    const effect = context(days(14), { inherited: new Map([['x', 7]]) }).designEffects.get('x');
    expect(effect).toBeGreaterThanOrEqual(1);
    expect(effect).toBeLessThan(1.3);
  });

  test('are larger where days differ more than their rows', () => {
    const random = seededRandom(5);
    const level = Array.from({ length: 14 }, () => 0.3 * normal(random));
    const offset = (ms: number) => level[Math.floor((ms - midnight) / DAY_MS)]!;
    expect(context(days(14), { offset }).designEffects.get('x')).toBeGreaterThan(2);
  });

  test('need five windows of 30 rows', () => {
    expect(context(days(5)).designEffects.has('x')).toBe(true);
    expect(context(days(4)).designEffects.has('x')).toBe(false);
    const sparse = { stepMs: DAY_MS / 29 };
    expect(context(29 * 10, sparse).designEffects.has('x')).toBe(false);
    expect(context(30 * 10, { stepMs: DAY_MS / 30 }).designEffects.has('x')).toBe(true);
  });

  test('of hourly windows leave the daily cycle out once there are hours to compare with', () => {
    const cycle = (ms: number) => 2 * Math.sin((2 * Math.PI * ms) / DAY_MS);
    const hourly = { windowMs: SLOT_MS, stepMs: SLOT_MS / 60, offset: cycle };
    const sameHours = context(24 * 60 * 6, hourly).designEffects.get('x');
    const allHours = context(24 * 60 * 2, hourly).designEffects.get('x');
    expect(allHours).toBeGreaterThan(4);
    expect(sameHours).toBeLessThan(1.3);
  });

  test('are measured on whole windows: of five days from noon to noon, on the four in between', () => {
    const noon = midnight + DAY_MS / 2;
    expect(context(days(5), { from: noon }).subWindows).toBe(4);
    expect(context(days(5)).subWindows).toBe(5);
    expect(context(days(5), { from: midnight + 0.04 * DAY_MS }).subWindows).toBe(5);
  });
});

describe('hours of the day', () => {
  test('hold every row once, and the outputs of held-out rows at the hour of their prediction', () => {
    const { seasonal } = context(days(3));
    const slots = seasonal!.slots.map((bytes) => decodeProfile(seasonal!.anchors, bytes!));
    expect(slots.map((slot) => featureOf(slot, 'x').count)).toEqual(Array(24).fill(30));
    // the newest 72 rows are those of the last 7.2 hours
    const outputs = slots.map((slot) => featureOf(slot, '$prediction').count);
    expect(outputs).toEqual([...Array(16).fill(0), 2, ...Array(7).fill(10)]);
  });

  test('are not kept of less than three days', () => {
    expect(context(days(3) - 10).seasonal).toBeNull();
  });
});

describe('segments', () => {
  test('hold the features of all their rows and the predictions of those held out', () => {
    const { segments } = context(400, { from: 0, stepMs: 1, segments: ['colour'] });
    const blue = segments.get(segmentKey('colour', 'blue'))!;
    expect(featureOf(blue, 'x').count).toBe(200);
    expect(rowsOf(featureOf(blue, 'colour'))).toBe(200);
    expect(featureOf(blue, '$prediction').count).toBe(20);
    expect([...segments.keys()].sort()).toEqual(
      ['blue', 'green', 'red'].map((value) => segmentKey('colour', value)),
    );
  });

  test('are none unless columns are named', () => {
    expect(context(400).segments.size).toBe(0);
  });
});
