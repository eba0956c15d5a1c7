/** The canary's rows: what it is asked in a calm window and in a drifted one, the same for the same seed. Pure. */
import { normal, seededRandom, seedFrom } from '../random.ts';
import { type ModelSchema, modelSchemaSchema } from '../schema/feature-schema.ts';

export const canarySchema: ModelSchema = modelSchemaSchema.parse({
  features: [
    { name: 'load', kind: 'numeric' },
    { name: 'site', kind: 'categorical', values: ['east', 'north', 'south'] },
  ],
  target: { name: 'demand' },
});

export interface CanaryRow {
  readonly features: { readonly load: number; readonly site: string };
  readonly label: number;
}

/** In standard deviations: far beyond what chance or a small window could explain, and within what the baseline has seen of values. */
const SHIFT = 2;
/** Shares of the sites, the last one's the rest. */
const shares = { calm: [0.5, 0.3], drifted: [0.1, 0.2] } as const;

/**
 * @param seed names the rows: a day and phase
 * @returns `count` rows; drifted ones have a higher load and other sites, and no value that a check of quality would refuse
 * @example canaryRows('2026-11-22T03-before', 1, false)[0].features.site // 'east'
 */
export function canaryRows(seed: string, count: number, isDrifted: boolean): CanaryRow[] {
  const random = seededRandom(seedFrom(seed));
  const [east, north] = shares[isDrifted ? 'drifted' : 'calm'];
  return Array.from({ length: count }, () => {
    const load = Number((20 + 3 * (normal(random) + (isDrifted ? SHIFT : 0))).toFixed(3));
    const draw = random();
    const site = draw < east ? 'east' : draw < east + north ? 'north' : 'south';
    const label = Number((2 * load + (site === 'east' ? 5 : 0) + normal(random)).toFixed(3));
    return { features: { load, site }, label };
  });
}
