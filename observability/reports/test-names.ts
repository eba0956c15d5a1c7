/** What the tests and distances are called in a report, and what each tells in a few words. */

import type { ComparedColumn, TestFigure } from '#shared/comparison/comparison.ts';
import { humanised } from './format.ts';

interface TestName {
  readonly label: string;
  readonly tells: string;
}

const TESTS: Readonly<Record<string, TestName>> = {
  psi: { label: 'PSI', tells: 'change of the bin shares, as sampled' },
  psi_debiased: { label: 'PSI, de-biased', tells: 'PSI less what chance gives at this size' },
  jensen_shannon: { label: 'Jensen–Shannon distance', tells: '0 same, 0.83 nothing in common' },
  kolmogorov_smirnov: { label: 'Kolmogorov–Smirnov', tells: 'widest gap of the cumulative curves' },
  chi_square: { label: 'χ² on bins', tells: 'do the bin shares differ beyond chance' },
  wasserstein: { label: 'Wasserstein distance', tells: 'how far values moved, in their unit' },
  wasserstein_normalised: { label: 'Wasserstein, normalised', tells: 'how far values moved, in σ' },
  rank_components_and_chi_square: {
    label: 'Rank components with χ² on bins',
    tells: 'did the column move, widen or change shape; the smaller p of the two, doubled',
  },
  t_test: { label: 'Student’s t', tells: 'did the mean change, one spread assumed' },
  welch_t_test: { label: 'Welch’s t', tells: 'did the mean change, each side with its spread' },
  energy: { label: 'Energy distance', tells: 'gap between the cumulative curves, in the root of their unit' },
  g_test: { label: 'G test on bins', tells: 'as χ², by likelihoods' },
  z_test: { label: 'Two proportions', tells: 'did the share of one of two values change' },
  l_infinity: { label: 'Largest share change', tells: 'of any one bin' },
  bhattacharyya: { label: 'Bhattacharyya distance', tells: '0 same, infinite with nothing in common' },
  epps_singleton: { label: 'Epps–Singleton', tells: 'characteristic functions compared' },
  mmd: { label: 'Maximum mean discrepancy', tells: 'kernel means compared' },
  hellinger: { label: 'Hellinger distance', tells: '0 same, 1 nothing in common' },
  total_variation: { label: 'Total variation', tells: 'share of rows in another bin' },
  kullback_leibler: { label: 'Kullback–Leibler', tells: 'information lost, in nats' },
  fisher: { label: 'Fisher’s exact test', tells: 'for counts too small for χ²' },
  permutation: { label: 'Permutation test', tells: 'against shuffled file labels' },
  anderson_darling: { label: 'Anderson–Darling', tells: 'curves compared, tails weighted' },
  cramer_von_mises: { label: 'Cramér–von Mises', tells: 'curves compared everywhere' },
  mann_whitney: { label: 'Mann–Whitney U', tells: 'does one side tend to be larger' },
  cramers_v: { label: 'Cramér’s V', tells: 'strength of association, 0 to 1' },
  missing_share: { label: 'Missing share', tells: 'did the share of missing values change' },
  mean_shift: { label: 'Mean shift', tells: 'change of the mean, in σ' },
  covariance: { label: 'Covariance', tells: 'do columns move together as before' },
  pca_reconstruction: { label: 'PCA reconstruction', tells: 'do rows still lie near the usual planes' },
  domain_classifier: { label: 'Domain classifier', tells: 'can a model tell the files apart (0.5: no)' },
};

const ALIASES: Readonly<Record<string, string>> = {
  js: 'jensen_shannon',
  js_distance: 'jensen_shannon',
  jensen_shannon_distance: 'jensen_shannon',
  ks: 'kolmogorov_smirnov',
  chi2: 'chi_square',
  chi_squared: 'chi_square',
  wasserstein_distance: 'wasserstein',
  emd: 'wasserstein',
  normalised_wasserstein: 'wasserstein_normalised',
  hellinger_distance: 'hellinger',
  tvd: 'total_variation',
  total_variation_distance: 'total_variation',
  kl: 'kullback_leibler',
  kl_divergence: 'kullback_leibler',
  fisher_exact: 'fisher',
  missing: 'missing_share',
  two_proportions: 'missing_share',
  cramer_v: 'cramers_v',
};

/** A test by the name the comparison gives it; one that is not known is called by that name. */
export function nameOfTest(test: string): TestName {
  return TESTS[canonical(test)] ?? { label: humanised(test), tells: '' };
}

/** A column's figure of one test, whichever of its names the comparison uses. */
export function figureOf(column: ComparedColumn, test: string): TestFigure | undefined {
  return Object.entries(column.tests).find(([name]) => canonical(name) === test)?.[1];
}

export function isSameTest(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

function canonical(test: string): string {
  if (Object.hasOwn(TESTS, test)) return test;
  const name = test
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  return ALIASES[name] ?? name;
}
