import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pcaReconstructionError } from './reconstruction-error.ts';

/** Figures of a plain restatement of NannyML's calculation with scikit-learn, produced outside this repository. */
interface Golden {
  readonly pca_reconstruction: {
    readonly ref: number[][];
    readonly cur: number[][];
    readonly n_components: number;
    readonly k: number;
    readonly explained_variance_ratio: number[];
    readonly ref_mean_err: number;
    readonly ref_std_err_ddof1: number;
    readonly cur_mean_err: number;
    readonly cur_first5: number[];
  };
}

const file = new URL('../../../../shared/golden/golden.json', import.meta.url);
const isPresent = existsSync(file);
if (!isPresent && process.env.CI === 'true') throw new Error(`golden figures are missing: ${file.pathname}`);
if (!isPresent) console.warn(`golden figures not found at ${file.pathname}: their tests do not run`);

function computed(...input: Parameters<typeof pcaReconstructionError>) {
  const error = pcaReconstructionError(...input);
  if (!error.computable) throw new Error(error.reason);
  return error;
}

describe('the reconstruction error of raw rows', () => {
  it.runIf(isPresent)('agrees with NannyML’s convention to 1e-9', () => {
    const golden = (JSON.parse(readFileSync(file, 'utf8')) as Golden).pca_reconstruction;
    const error = computed(golden.ref, golden.cur, { components: golden.n_components });
    expect(error.k).toBe(golden.k);
    expect(error.current.errors).toHaveLength(golden.cur.length);
    const pairs = [
      ...error.explainedVarianceRatio.map((ratio, at) => [ratio, golden.explained_variance_ratio[at]!]),
      [error.reference.mean, golden.ref_mean_err],
      [error.reference.standardDeviation, golden.ref_std_err_ddof1],
      [error.current.mean, golden.cur_mean_err],
      ...golden.cur_first5.map((expected, at) => [error.current.errors[at]!, expected]),
    ] as [number, number][];
    for (const [found, expected] of pairs) expect(Math.abs(found / expected - 1)).toBeLessThan(1e-9);
  });

  it('is a row’s distance from the plane of the kept components, in reference standard deviations', () => {
    const diagonal = [
      [-1, -1],
      [0, 0],
      [1, 1],
    ];
    const error = computed(diagonal, [
      [1, -1],
      [5, 5],
    ]);
    expect(error.k).toBe(1);
    expect(error.reference.mean).toBeCloseTo(0, 12);
    expect(error.current.errors[0]).toBeCloseTo(Math.sqrt(3), 12);
    expect(error.current.errors[1]).toBeCloseTo(0, 12);
  });

  it('keeps one more component when the share is reached exactly, as scikit-learn does', () => {
    const cross = [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
    ];
    expect(computed(cross, cross, { components: 0.49 }).k).toBe(1);
    expect(computed(cross, cross, { components: 0.5 }).k).toBe(2);
  });

  it('puts the reference’s mean in place of what is missing', () => {
    const reference = [
      [1, 10],
      [2, 20],
      [3, 30],
    ];
    const error = computed(reference, [
      [Number.NaN, 20],
      [2, Number.NaN],
    ]);
    for (const distance of error.current.errors) expect(distance).toBeCloseTo(0, 12);
  });

  it('leaves a constant column its deviations from the mean', () => {
    const reference = [
      [-1, 7, -2],
      [1, 7, 2],
    ];
    expect(computed(reference, [[0, 9, 0]]).current.errors[0]).toBeCloseTo(2, 12);
  });

  it('is not computable without rows or variation, and refuses ragged rows and impossible shares', () => {
    const row = [[1, 2]];
    expect(pcaReconstructionError(row, row).computable).toBe(false);
    expect(pcaReconstructionError([...row, ...row], [])).toMatchObject({ computable: false });
    expect(pcaReconstructionError([...row, ...row], row)).toEqual({
      computable: false,
      reason: 'no column varies in the reference',
    });
    expect(() => pcaReconstructionError([...row, ...row], [[1]])).toThrow('a row has 1 values, must have 2');
    for (const components of [0, 1, Number.NaN])
      expect(() => pcaReconstructionError(row, row, { components })).toThrow('must be above 0 and below 1');
  });
});
