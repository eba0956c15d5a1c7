/** Made-up comparisons for the renderers' tests: a realistic one, a wide one, and one with every awkward value. */

import type { ComparedColumn, Comparison, DistributionBin } from '#shared/comparison/comparison.ts';
import type { Level } from '#shared/verdict/level.ts';

const PSI: Readonly<Record<Level, number>> = {
  critical: 0.46,
  warning: 0.21,
  shifted: 0.055,
  insufficient_data: 0.01,
  stable: -0.0012,
};
const SHIFT: Readonly<Record<Level, number>> = {
  critical: 0.8,
  warning: 0.5,
  shifted: 0.25,
  insufficient_data: 0,
  stable: 0,
};

/** Shares of a normal column over equal bins from −3 to 3, the current one moved by `shift`. */
function bellBins(shift: number, bins: number): DistributionBin[] {
  const width = 6 / bins;
  const density = (x: number) => (Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI)) * width;
  return Array.from({ length: bins }, (_, at) => {
    const lower = -3 + at * width;
    const middle = lower + width / 2;
    const edge = (value: number) => Number((100 + 15 * value).toFixed(2));
    return {
      label: `${edge(lower)} to ${edge(lower + width)}`,
      lower: at === 0 ? null : edge(lower),
      upper: at === bins - 1 ? null : edge(lower + width),
      reference: density(middle),
      current: density(middle - shift),
    };
  });
}

/** What every column has. */
function sharedTests(psi: number): ComparedColumn['tests'] {
  return {
    chi_square: { statistic: 812.3, p_value: 1e-30 },
    g_test: { statistic: 841.2, p_value: 1e-30 },
    z_test: { not_computable: '10 categories have rows; 2 are needed' },
    fisher_exact: { not_computable: '10 categories have rows; 2 are needed' },
    psi: { statistic: psi + 0.005 },
    jensen_shannon: { statistic: Math.sqrt(Math.abs(psi) / 8) },
    kl_divergence: { statistic: 0.562 },
    hellinger: { statistic: 0.358 },
    total_variation: { statistic: 0.397 },
    l_infinity: { statistic: 0.328 },
    bhattacharyya: { statistic: 0.137 },
  };
}

export function numericColumn(
  name: string,
  verdict: Level,
  more: Partial<ComparedColumn> = {},
  bins = 20,
): ComparedColumn {
  const psi = PSI[verdict];
  const shift = SHIFT[verdict];
  const figures = { standard_deviation: 15.02, min: 41.3, max: 162.7, invalid: 0, infinite: 0 };
  return {
    name,
    kind: 'numeric',
    role: 'feature',
    n_reference: 10_000,
    n_current: 1950,
    missing_reference: 0,
    missing_current: 0,
    tests: {
      ks: { statistic: 0.3119, lo: 0.3119, hi: 0.3152, p_value: 4.2e-12 },
      cramer_von_mises: { statistic: 135.2, p_value: 1e-30 },
      anderson_darling: { statistic: 901.4, p_value: 0.001 },
      epps_singleton: { statistic: 402.7, p_value: 1e-30, rows: 4000 },
      mann_whitney: { statistic: 2_016_301, lo: 2_013_587, hi: 2_019_103, p_value: 1e-30 },
      t_test: { statistic: -41.8, p_value: 1e-30 },
      welch_t_test: { statistic: -41.8, p_value: 1e-30 },
      mmd: { statistic: 0.0512, p_value: 0.004975, rows: 4000 },
      wasserstein: { statistic: 12.04, lo: 11.9, hi: 12.2 },
      energy: { statistic: 0.786, lo: 0.782, hi: 0.791 },
      ...sharedTests(psi),
    },
    primary: { test: 'chi_square', p_value: shift > 0 ? 1e-30 : 0.41 },
    adjusted_p: shift > 0 ? 1.2e-29 : 0.6123,
    psi_debiased: psi,
    verdict,
    reasons: shift > 0 ? [`${name} moved up by ${shift} sigma (PSI ${psi}, ${verdict})`] : [],
    summary: {
      reference: { mean: 100.02, ...figures },
      current: { mean: 100.02 + 15.02 * shift, ...figures },
    },
    distribution: bellBins(shift, bins),
    ...more,
  };
}

export function categoricalColumn(
  name: string,
  verdict: Level,
  more: Partial<ComparedColumn> = {},
): ComparedColumn {
  return {
    ...numericColumn(name, verdict),
    kind: 'categorical',
    tests: sharedTests(0.205),
    reasons:
      verdict === 'stable' ? [] : [`${name} changed: "Ideal" went from 40 % to 18 % (PSI 0.21, ${verdict})`],
    summary: { reference: { categories: 5 }, current: { categories: 5, unseen: 12 } },
    distribution: [
      { label: 'Ideal', reference: 0.4, current: 0.18 },
      { label: 'Premium', reference: 0.256, current: 0.341 },
      { label: 'Very Good', reference: 0.224, current: 0.31 },
      { label: 'Good', reference: 0.09, current: 0.12 },
      { label: 'Fair', reference: 0.03, current: 0.043 },
      { label: 'unseen', reference: 0, current: 0.006 },
    ],
    ...more,
  };
}

/** A comparison of the given columns, its counts and verdict taken from them. */
export function comparisonOf(
  features: readonly ComparedColumn[],
  more: Partial<Omit<Comparison, 'summary' | 'features'>> = {},
  summary: Partial<Comparison['summary']> = {},
): Comparison {
  const counts = { stable: 0, shifted: 0, warning: 0, critical: 0, insufficient_data: 0 };
  for (const { verdict } of features) counts[verdict] += 1;
  const order = ['critical', 'warning', 'shifted', 'insufficient_data'] as const;
  return {
    features,
    segments: [],
    multivariate: [],
    quality: [],
    ...more,
    summary: {
      verdict: order.find((level) => counts[level] > 0) ?? 'stable',
      reasons: features.flatMap(({ reasons }) => reasons.slice(0, 1)).slice(0, 3),
      counts,
      drift_share:
        features.length === 0 ? 0 : (counts.critical + counts.warning + counts.shifted) / features.length,
      diagnosis: { kind: 'none', evidence: [], worst: [] },
      reference: { file: 'reference.csv', rows: 10_000, skipped: 0 },
      current: { file: 'current.csv', rows: 2000, skipped: 0 },
      not_compared: [],
      seconds: 1.234,
      convention: 'tidemark',
      policy: {
        alpha: 0.05,
        alarm_alpha: 0.01,
        psi_warning: 0.15,
        psi_critical: 0.3,
        correction: 'Benjamini-Hochberg',
      },
      ...summary,
    },
  };
}

/** Every section filled, as a drifted file would fill it. */
export function realisticComparison(): Comparison {
  return comparisonOf(
    [
      numericColumn('depth', 'stable'),
      numericColumn('carat', 'critical'),
      categoricalColumn('cut', 'warning'),
      numericColumn('table', 'shifted', { missing_current: 0.05 }),
      numericColumn('clarity_score', 'insufficient_data', {
        n_current: 31,
        reasons: ['clarity_score: 31 rows against 10000; a shift below 0.9 sigma would not be seen'],
      }),
      numericColumn('price', 'stable', { role: 'target' }),
    ],
    {
      quality: [
        {
          check: 'range_exceeded',
          severity: 'soft',
          column: 'carat',
          observed: 0.073,
          threshold: 0.05,
          message: "7.3 % of values lie outside the baseline's range 0.2 to 5.01",
        },
        {
          check: 'missing_rate_jump',
          severity: 'hard',
          column: 'table',
          observed: 0.2,
          threshold: 0.15,
          message: 'missing rose from 0 % to 20 %',
        },
      ],
      segments: [
        {
          column: 'cut',
          value: 'Ideal',
          n_reference: 4000,
          n_current: 360,
          verdict: 'critical',
          worst: { name: 'carat', psi: 0.91 },
          reasons: ['carat moved up by 1.1 sigma'],
        },
        {
          column: 'cut',
          value: 'Fair',
          n_reference: 300,
          n_current: 12,
          verdict: 'insufficient_data',
          worst: null,
          reasons: [],
        },
      ],
      multivariate: [
        {
          test: 'domain_classifier',
          figure: { statistic: 0.781, lo: 0.76, hi: 0.8, p_value: 1e-9 },
          verdict: 'warning',
          reasons: ['a model tells the files apart, mostly by carat'],
        },
        {
          test: 'covariance',
          figure: { not_computable: 'fewer than 2 numeric columns' },
          verdict: 'stable',
          reasons: [],
        },
      ],
    },
    {
      diagnosis: {
        kind: 'covariate',
        evidence: ['2 of 5 features drifted', 'price given the features is as before'],
        worst: [
          { name: 'carat', score: 0.46 },
          { name: 'cut', score: 0.21 },
        ],
      },
      current: {
        file: 'data/2026/current.csv',
        rows: 2000,
        skipped: 3,
        first_skipped: 'line 17: 9 cells, expected 10',
      },
      not_compared: [{ column: 'id', reason: 'one value per row: an identifier' }],
    },
  );
}

/** @param columns every tenth of them alarms */
export function wideComparison(columns: number): Comparison {
  return comparisonOf(
    Array.from({ length: columns }, (_, at) =>
      at % 5 === 4
        ? categoricalColumn(`category_${at}`, at % 10 === 9 ? 'warning' : 'stable')
        : numericColumn(`measurement_${at}`, 'stable', { missing_current: at % 3 === 0 ? 0.012 : 0 }),
    ),
  );
}

/** Names that break pages and terminals. */
export const HOSTILE_NAMES = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "it's & so on &amp;",
  '\u001b[2J\u001b]0;title\u0007bell\u0000\u0085',
  'two\nlines\tand\r',
  `${'very_long_'.repeat(60)}end`,
  'مرحبا_بالعالم',
  'a\u202egnp.exe\u2066',
  '💎👩‍👩‍👧‍👦 价格',
  '\ud800half',
  '</style></title></svg>',
  '',
];

/** Nothing computable, nothing there, figures that are no figures. */
export function awkwardComparison(): Comparison {
  const nothing = {
    tests: { psi: { not_computable: 'every row is in one cell' }, ks: { not_computable: 'no rows' } },
    primary: null,
    adjusted_p: null,
    psi_debiased: null,
    n_reference: 0,
    n_current: 0,
    summary: { reference: {}, current: {} },
    distribution: [],
  };
  const flat = {
    label: '',
    lower: Number.NEGATIVE_INFINITY,
    upper: Number.POSITIVE_INFINITY,
    reference: 0,
    current: 0,
  };
  const broken = {
    missing_reference: Number.NaN,
    psi_debiased: Number.NaN,
    adjusted_p: Number.NaN,
    tests: {
      ks: { statistic: Number.NaN, lo: Number.NaN, hi: Number.POSITIVE_INFINITY, p_value: Number.NaN },
      own_test: { statistic: 1 },
    },
    summary: {
      reference: { mean: Number.NaN, standard_deviation: 0 },
      current: { mean: Number.POSITIVE_INFINITY, invalid: 3 },
    },
    distribution: [flat, { ...flat, reference: Number.NaN, current: Number.POSITIVE_INFINITY }],
  };
  return comparisonOf(
    [
      ...HOSTILE_NAMES.map((name) => numericColumn(name, 'warning')),
      ...HOSTILE_NAMES.map((name) =>
        categoricalColumn(name, 'shifted', { distribution: [{ label: name, reference: 1, current: 1 }] }),
      ),
      numericColumn('empty', 'insufficient_data', nothing),
      numericColumn('no_tests', 'stable', { ...nothing, tests: {} }),
      numericColumn('broken', 'stable', broken),
      categoricalColumn('zero_rows', 'stable', { distribution: [flat, flat] }),
      categoricalColumn('many', 'stable', {
        distribution: Array.from({ length: 60 }, (_, at) => ({
          label: `c${at}`,
          reference: 1 / 60,
          current: at < 30 ? 1 / 30 : 0,
        })),
      }),
    ],
    {
      quality: HOSTILE_NAMES.map((name) => ({
        check: name,
        severity: 'soft',
        column: name,
        observed: Number.NaN,
        threshold: 0,
        message: name,
      })),
      segments: HOSTILE_NAMES.map((name) => ({
        column: name,
        value: name,
        n_reference: 0,
        n_current: 0,
        verdict: 'critical',
        worst: { name, psi: Number.NaN },
        reasons: [name],
      })),
      multivariate: [
        {
          test: 'covariance',
          figure: { not_computable: HOSTILE_NAMES[0]! },
          verdict: 'insufficient_data',
          reasons: HOSTILE_NAMES,
        },
      ],
    },
    {
      reasons: HOSTILE_NAMES,
      diagnosis: {
        kind: 'concept',
        evidence: HOSTILE_NAMES,
        worst: HOSTILE_NAMES.map((name) => ({ name, score: Number.NaN })),
      },
      reference: { file: HOSTILE_NAMES[0]!, rows: 0, skipped: 0 },
      current: { file: HOSTILE_NAMES[3]!, rows: 0, skipped: 9, first_skipped: HOSTILE_NAMES[4]! },
      not_compared: HOSTILE_NAMES.map((name) => ({ column: name, reason: name })),
      seconds: Number.NaN,
      policy: { [HOSTILE_NAMES[0]!]: HOSTILE_NAMES[1]!, odd: Number.POSITIVE_INFINITY },
    },
  );
}
