import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { featureOf, type NumericProfile } from '#shared/profile/profile.ts';
import { numeric, profileOf } from '#shared/profile/testing.ts';
import { benjaminiHochberg } from '#shared/verdict/multiplicity.ts';
import { chiSquareContingency } from './chi-square.ts';
import { jensenShannonDistance } from './jensen-shannon.ts';
import { kolmogorovSurvival } from './kolmogorov.ts';
import { kolmogorovSmirnov } from './ks.ts';
import { populationStability } from './psi.ts';
import { chiSquareSurvival, normalSurvival, studentTSurvival } from './special-functions.ts';
import { fisherExact } from './two-proportions.ts';

/** Figures of SciPy 1.10.1 and plain restatements, produced outside this repository. */
interface Golden {
  readonly special: Record<'chi2_sf' | 'norm_sf' | 't_sf' | 'kstwo_sf', number[][]>;
  readonly discrete: {
    ref_counts: number[];
    cur_counts: number[];
    chi2_contingency_corr_False: [number, number, number];
    js_e: number;
    psi_laplace_half: number;
    fisher_exact?: [number, number];
  }[];
  readonly multiple_testing: { p: number[]; bh: number[] }[];
  readonly arrays: Record<string, number[]>;
  readonly anchored_sketch: {
    cases: {
      ref: string;
      cur: string;
      edges: number[];
      ref_cells: number[];
      cur_cells: number[];
      D_lo: number;
      D_hi: number;
      D_exact: number;
    }[];
  };
}

const file = new URL('../../../shared/golden/golden.json', import.meta.url);
const isPresent = existsSync(file);
if (!isPresent && process.env.CI === 'true') throw new Error(`golden figures are missing: ${file.pathname}`);
if (!isPresent) console.warn(`golden figures not found at ${file.pathname}: their tests do not run`);
const golden = (isPresent ? JSON.parse(readFileSync(file, 'utf8')) : {}) as Golden;
const check = it.runIf(isPresent);

function relativeError(found: number, expected: number): number {
  return found === expected ? 0 : Math.abs(found - expected) / Math.max(Math.abs(expected), 1e-300);
}

describe('against SciPy', () => {
  check('chi-square, normal and t tails agree to 1e-10', () => {
    for (const [x, k, p] of golden.special.chi2_sf as [number, number, number][])
      expect(relativeError(chiSquareSurvival(x, k), p)).toBeLessThan(1e-10);
    for (const [z, p] of golden.special.norm_sf as [number, number][])
      expect(relativeError(normalSurvival(z), p)).toBeLessThan(1e-10);
    for (const [t, k, p] of golden.special.t_sf as [number, number, number][])
      expect(relativeError(studentTSurvival(t, k), p)).toBeLessThan(1e-10);
  });

  check('the Kolmogorov tail agrees to 1e-3 from n = 50 up', () => {
    const rows = (golden.special.kstwo_sf as [number, number, number][]).filter(([, n]) => n >= 50);
    for (const [d, n, p] of rows) expect(Math.abs(kolmogorovSurvival(d, n) - p)).toBeLessThan(1e-3);
  });

  check('the contingency chi-square agrees, and is not computable on one cell', () => {
    for (const { ref_counts, cur_counts, chi2_contingency_corr_False } of golden.discrete) {
      const [statistic, pValue, degreesOfFreedom] = chi2_contingency_corr_False;
      const test = chiSquareContingency(ref_counts, cur_counts);
      expect(test.computable).toBe(degreesOfFreedom > 0);
      if (!test.computable) continue;
      expect(relativeError(test.statistic, statistic)).toBeLessThan(1e-9);
      expect(relativeError(test.pValue, pValue)).toBeLessThan(1e-9);
      expect(test.degreesOfFreedom).toBe(degreesOfFreedom);
    }
  });

  check('Fisher’s exact test agrees', () => {
    for (const { ref_counts, cur_counts, fisher_exact } of golden.discrete) {
      if (!fisher_exact) continue;
      const share = ([hits, rest]: number[]) => ({ hits: hits!, rows: hits! + rest! });
      const { twoSided } = fisherExact(share(ref_counts), share(cur_counts));
      expect(relativeError(twoSided, fisher_exact[1])).toBeLessThan(1e-7);
    }
  });

  check('Jensen–Shannon distance and the half-count PSI agree', () => {
    for (const { ref_counts, cur_counts, js_e, psi_laplace_half } of golden.discrete) {
      const distance = jensenShannonDistance(ref_counts, cur_counts);
      const stability = populationStability(ref_counts, cur_counts);
      expect(distance.computable && Math.abs(distance.distance - js_e)).toBeLessThan(1e-10);
      expect(stability.computable && Math.abs(stability.psi - psi_laplace_half)).toBeLessThan(1e-12);
    }
  });

  check('Benjamini–Hochberg agrees', () => {
    for (const { p, bh } of golden.multiple_testing)
      benjaminiHochberg(p).forEach((adjusted, at) => {
        expect(relativeError(adjusted, bh[at]!)).toBeLessThan(1e-12);
      });
  });

  check('the KS bracket agrees cell for cell and holds the exact distance', () => {
    for (const { ref_cells, cur_cells, D_lo, D_hi, D_exact } of golden.anchored_sketch.cases) {
      const ks = kolmogorovSmirnov(ref_cells, cur_cells);
      if (!ks.computable) throw new Error(ks.reason);
      expect(Math.abs(ks.lo - D_lo)).toBeLessThan(1e-12);
      expect(Math.abs(ks.hi - D_hi)).toBeLessThan(1e-12);
      expect(D_exact).toBeGreaterThanOrEqual(ks.lo - 1e-12);
      expect(D_exact).toBeLessThanOrEqual(ks.hi + 1e-12);
    }
  });

  check('profiles of the raw arrays bracket the exact distance, tighter than 1 %', () => {
    for (const { ref, cur, D_exact } of golden.anchored_sketch.cases) {
      const anchors = buildAnchors([numeric('x', golden.arrays[ref]!)]);
      const cells = (name: string) =>
        (featureOf(profileOf([numeric('x', golden.arrays[name]!)], anchors), 'x') as NumericProfile).cells;
      const ks = kolmogorovSmirnov(cells(ref), cells(cur));
      if (!ks.computable) throw new Error(ks.reason);
      expect(D_exact).toBeGreaterThanOrEqual(ks.lo - 1e-9);
      expect(D_exact).toBeLessThanOrEqual(ks.hi + 1e-9);
      expect(ks.hi - ks.lo).toBeLessThan(0.01);
    }
  });
});
