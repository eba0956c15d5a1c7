/** The tests of several features at once, by name. */

/** Adding one is a file, its test and a line here. */
const multivariateTests = [
  {
    name: 'covariance',
    summary: 'did any correlation between two numeric features change; from profiles, no rows needed',
  },
  {
    name: 'pca_reconstruction',
    summary: 'do the baseline’s principal components explain the rows as well as before; from profiles',
  },
  {
    name: 'domain_classifier',
    summary: 'can boosted trees tell current rows from reference rows; any drift of any columns, needs rows',
  },
] as const;

export type MultivariateTestName = (typeof multivariateTests)[number]['name'];
