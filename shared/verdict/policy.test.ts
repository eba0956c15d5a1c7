import { describe, expect, it } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { alarmAlphaFor, defaultDriftPolicy } from './policy.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const twoOfThree = { m: 2, n: 3 };

describe('the alarm level of a budget', () => {
  it('for windows of five minutes is, by hand, the root of the budget over 34,560 occasions a month', () => {
    // 8640 windows in 30 days, 2 earlier windows to go with each, 2 channels.
    expect(alarmAlphaFor(0.1, 5 * MINUTE, twoOfThree)).toBeCloseTo(Math.sqrt(0.1 / 34_560), 15);
    expect(alarmAlphaFor(1, 5 * MINUTE, twoOfThree)).toBeCloseTo(Math.sqrt(1 / 34_560), 15);
    // 3 of 5: 6 ways to choose two of the four earlier ones, and a cubic root.
    expect(alarmAlphaFor(0.1, 5 * MINUTE, { m: 3, n: 5 })).toBeCloseTo(Math.cbrt(0.1 / 103_680), 15);
  });

  it('is never laxer than 0.01, which the budget of one a month reaches at windows of 17 minutes', () => {
    // 0.01² · 4 · 43,200 / 17.28 = 1
    expect(alarmAlphaFor(1, 17.26 * MINUTE, twoOfThree)).toBeLessThan(0.01);
    expect(alarmAlphaFor(1, 17.26 * MINUTE, twoOfThree)).toBeGreaterThan(0.0099);
    expect(alarmAlphaFor(1, 17.29 * MINUTE, twoOfThree)).toBe(0.01);
    expect(alarmAlphaFor(1, DAY, twoOfThree)).toBe(0.01);
    expect(alarmAlphaFor(1e9, MINUTE, twoOfThree)).toBe(0.01);
    expect(defaultDriftPolicy.alarmAlpha).toBe(0.01);
  });

  it('where one window confirms is the budget over windows and channels', () => {
    expect(alarmAlphaFor(0.5, DAY, { m: 1, n: 1 })).toBeCloseTo(0.5 / 60, 15);
    expect(alarmAlphaFor(0.61, DAY, { m: 1, n: 1 })).toBe(0.01);
    expect(alarmAlphaFor(0.59, DAY, { m: 1, n: 1 })).toBeLessThan(0.01);
    // The earlier windows do not matter then.
    expect(alarmAlphaFor(0.5, DAY, { m: 1, n: 7 })).toBe(alarmAlphaFor(0.5, DAY, { m: 1, n: 1 }));
  });

  it('rises with the budget and with the length of windows, up to a month', () => {
    const budgets = [0.01, 0.1, 0.5, 1, 3].map((budget) => alarmAlphaFor(budget, 5 * MINUTE, twoOfThree));
    const lengths = [1, 4, 8, 12, 16].map((minutes) => alarmAlphaFor(1, minutes * MINUTE, twoOfThree));
    for (const levels of [budgets, lengths])
      levels.slice(1).forEach((level, at) => {
        expect(level).toBeGreaterThan(levels[at]!);
      });
    const ofMonth = alarmAlphaFor(0.001, 30 * DAY, { m: 1, n: 1 });
    expect(ofMonth).toBeGreaterThan(alarmAlphaFor(0.001, 29 * DAY, { m: 1, n: 1 }));
    expect(alarmAlphaFor(0.001, 90 * DAY, { m: 1, n: 1 })).toBe(ofMonth);
  });

  it('may be higher the more windows must agree, and must be lower the more there are to choose from', () => {
    const level = (m: number, n: number) => alarmAlphaFor(0.01, 5 * MINUTE, { m, n });
    expect(level(2, 3)).toBeGreaterThan(level(1, 3));
    expect(level(2, 4)).toBeLessThan(level(2, 3));
  });

  it('keeps the budget: signals that come by chance are confirmed as often as it allows, and not more', () => {
    const random = seededRandom(91);
    const [budget, windowMs, months] = [1, 10 * MINUTE, 600];
    const alpha = alarmAlphaFor(budget, windowMs, twoOfThree);
    expect(alpha).toBeLessThan(0.01);
    const windows = (months * 30 * DAY) / windowMs;
    let confirmed = 0;
    for (let channel = 0; channel < 2; channel++) {
      let [before, last] = [false, false];
      for (let window = 0; window < windows; window++) {
        const isPresent = random() < alpha;
        if (isPresent && (before || last)) confirmed++;
        [before, last] = [last, isPresent];
      }
    }
    // 600 expected in 600 months: three Poisson standard errors.
    expect(confirmed / months).toBeLessThan(budget * (1 + 3 / Math.sqrt(600)));
    expect(confirmed / months).toBeGreaterThan(budget * (1 - 4 / Math.sqrt(600)));
  });
});
