import { describe, expect, it } from 'vitest';
import { change, count, figure, humanised, moment, psi, pValue, share, signed } from './format.ts';
import { elided, visible } from './html.ts';

describe('figures', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [0.012345, '0.0123'],
    [-0.0012, '−0.0012'],
    [12.345, '12.3'],
    [999.4, '999'],
    [3932.8, '3,933'],
    [1_234_567.8, '1,234,568'],
    [2.5e9, '2.5e9'],
    [1e10, '1e10'],
    [0.0001, '0.0001'],
    [0.0000123456, '1.23e−5'],
    [Number.NaN, '–'],
    [Number.NEGATIVE_INFINITY, '–'],
    [null, '–'],
    [undefined, '–'],
  ])('%s is shown as %s', (value, shown) => {
    expect(figure(value)).toBe(shown);
  });

  it.each([
    [0, '0.000'],
    [0.0000877, '0.000'],
    [-0.000226, '0.000'],
    [-0.0005001, '−0.001'],
    [0.00264, '0.003'],
    [0.0996, '0.100'],
    [0.157, '0.157'],
    [0.46, '0.46'],
    [14.163, '14.2'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('a PSI of %s is shown as %s', (value, shown) => {
    expect(psi(value)).toBe(shown);
  });

  it.each([
    [0, '< 0.0001'],
    [0.000_099, '< 0.0001'],
    [0.0001, '0.0001'],
    [0.04321, '0.0432'],
    [0.9991, '> 0.999'],
    [1, '1'],
    [null, '–'],
  ])('a p-value of %s is shown as %s', (value, shown) => {
    expect(pValue(value)).toBe(shown);
  });

  it.each([
    [0, '0 %'],
    [0.000_01, '< 0.01 %'],
    [0.123_45, '12.3 %'],
    [0.9999, '> 99.9 %'],
    [1, '100 %'],
    [Number.NaN, '–'],
  ])('a share of %s is shown as %s: never 0 or 100 unless it is', (value, shown) => {
    expect(share(value).replace('\u202f', ' ')).toBe(shown);
  });

  it('changes name the unit once, and only one figure where nothing changed', () => {
    expect(change(0, 0.05).replace('\u202f', ' ')).toBe('0 → 5 %');
    expect(change(0.05, 0.05).replace('\u202f', ' ')).toBe('5 %');
  });

  it('signs, counts and names are plain', () => {
    expect([signed(0.8), signed(-1.2), signed(0)]).toEqual(['+0.8', '−1.2', '0']);
    expect([count(53_940), count(null)]).toEqual(['53,940', '–']);
    expect([humanised('psi_warning'), humanised('minRows')]).toEqual(['psi warning', 'min rows']);
  });
});

describe('text from the data', () => {
  it('cannot command a terminal or reorder the words around it', () => {
    expect(visible('a\u001b[2J\n\u007f\u0085\u202eb\ud800')).toBe('a␛[2J␊␡��b�');
    expect(visible('plain, مرحبا, 💎')).toBe('plain, مرحبا, 💎');
  });

  it('is shortened in the middle, never inside what a reader sees as one character', () => {
    expect(elided('customer_lifetime_value', 11)).toBe('custo…value');
    expect(elided('short', 5)).toBe('short');
    expect(elided('👩‍👩‍👧‍👦'.repeat(5), 5)).toBe('👩‍👩‍👧‍👦'.repeat(5));
    expect(elided('👩‍👩‍👧‍👦'.repeat(6), 3)).toBe('👩‍👩‍👧‍👦…👩‍👩‍👧‍👦');
  });
});

it.each([
  ['2026-11-21T08:00:00.000Z', '2026-11-21 08:00'],
  ['2026-11-21T08:00:05.250Z', '2026-11-21 08:00:05'],
])('a moment is told to the second only where it has seconds: %s', (iso, told) => {
  expect(moment(iso)).toBe(told);
});
