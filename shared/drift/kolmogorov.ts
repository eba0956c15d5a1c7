/** The Kolmogorov–Smirnov null law: from a distance and an effective size to a p-value. */

/**
 * P(D ≥ d) of the two-sided one-sample statistic at size n, as `scipy.stats.kstwo.sf`: the Pelz–Good expansion to
 * order 1/n (Pelz and Good 1976; Simard and L'Ecuyer 2011 §2), and beyond √n·d = 1.7 twice the one-sided tail in
 * Maag and Dicaire's form. Absolute error against SciPy below 1e-3 for n ≥ 50. For two samples pass
 * n = round(n₁n₂/(n₁+n₂)), as SciPy does. Evidence, not a verdict: nothing is decided on this p-value.
 *
 * @param distance in [0, 1]
 * @param n effective size, ≥ 1
 * @example kolmogorovSurvival(0.05, 500) // 0.1587
 */
export function kolmogorovSurvival(distance: number, n: number): number {
  const z = Math.sqrt(n) * distance;
  if (z < 0.2) return 1;
  if (z > 1.7) return Math.min(1, 2 * Math.exp(-((6 * n * distance + 1) ** 2) / (18 * n)));
  return Math.min(1, Math.max(0, 1 - pelzGood(z, n)));
}

function pelzGood(z: number, n: number): number {
  const z2 = z * z;
  let [k0, k1, k2, k2Rest] = [0, 0, 0, 0];
  for (let k = 0; k < 12; k++) {
    const half = ((k + 0.5) * Math.PI) ** 2;
    const halfTerm = Math.exp(-half / (2 * z2));
    k0 += halfTerm;
    k1 += (half - z2) * halfTerm;
    k2 += (6 * z2 ** 3 + 2 * z2 ** 2 + (2 * z2 ** 2 - 5 * z2) * half + (1 - 2 * z2) * half ** 2) * halfTerm;
    const whole = (k * Math.PI) ** 2;
    k2Rest += whole * Math.exp(-whole / (2 * z2));
  }
  const root = Math.sqrt(2 * Math.PI);
  return (
    (root / z) * k0 +
    ((root / (6 * z2 * z2)) * k1) / Math.sqrt(n) +
    ((root / (72 * z ** 7)) * k2 - (root / (36 * z ** 3)) * k2Rest) / n
  );
}
