import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import type { Column, Columns } from '#shared/schema/columns.ts';
import { domainClassifier } from './domain-classifier.ts';

type Random = () => number;

function table(...columns: Column[]): Columns {
  return { rows: columns[0]!.values.length, columns };
}

const numeric = (name: string, values: ArrayLike<number>): Column => ({
  kind: 'numeric',
  name,
  values: Float64Array.from(values),
});

/** Independent normals and categories with gaps; the first two numbers correlated. */
function sample(random: Random, rows: number, correlation = 0, columns = 4): Columns {
  const drawn = Array.from({ length: columns }, () => Array.from({ length: rows }, () => normal(random)));
  const rest = Math.sqrt(1 - correlation ** 2);
  drawn[1] = drawn[1]!.map((value, row) => correlation * drawn[0]![row]! + rest * value);
  drawn[2] = drawn[2]!.map((value) => (random() < 0.1 ? Number.NaN : value));
  const letters = Array.from({ length: rows }, () =>
    random() < 0.1 ? null : 'abcdef'[Math.floor(6 * random())]!,
  );
  return table(...drawn.map((values, at) => numeric(`x${at}`, values)), {
    kind: 'categorical',
    name: 'letter',
    values: letters,
  });
}

function computed(...input: Parameters<typeof domainClassifier>) {
  const drift = domainClassifier(...input);
  if (!drift.computable) throw new Error(drift.reason);
  return drift;
}

describe('the domain classifier', () => {
  it('alarms in at most 6 % of pairs of samples without drift at a nominal 5 %', () => {
    const rng = seededRandom(31);
    const repetitions = 60;
    let [rejected, below] = [0, 0];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const { auc, pValue } = computed(sample(rng, 60, 0, 3), sample(rng, 60, 0, 3), { rng });
      if (pValue <= 0.05) rejected++;
      if (auc < 0.5) below++;
    }
    // Two binomial standard errors above 6 %.
    expect(rejected / repetitions).toBeLessThan(0.06 + 2 * Math.sqrt((0.06 * 0.94) / repetitions));
    expect(Math.abs(below / repetitions - 0.5)).toBeLessThan(0.2);
  });

  it('finds a correlation that went from 0 to 0.5 with unchanged marginals, and names the two columns', () => {
    const rng = seededRandom(32);
    for (let repetition = 0; repetition < 3; repetition++) {
      const drift = computed(sample(rng, 2000), sample(rng, 2000, 0.5), { rng });
      expect(drift.pValue).toBeLessThan(0.001);
      expect(drift.auc).toBeGreaterThan(0.55);
      expect(
        drift.importance
          .slice(0, 2)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['x0', 'x1']);
    }
  });

  it('sees categories that changed places and values that went missing', () => {
    const rng = seededRandom(33);
    const reference = sample(rng, 600);
    const current = sample(rng, 600);
    const renamed = current.columns.map((column) =>
      column.kind === 'categorical'
        ? { ...column, values: column.values.map((value) => (value === 'a' ? 'b' : value)) }
        : column,
    );
    const gone = current.columns.map((column) =>
      column.kind === 'numeric' && column.name === 'x3'
        ? { ...column, values: column.values.map((value, row) => (row % 4 === 0 ? Number.NaN : value)) }
        : column,
    );
    for (const [columns, name] of [
      [renamed, 'letter'],
      [gone, 'x3'],
    ] as const) {
      const drift = computed(reference, { rows: 600, columns }, { rng });
      expect(drift.pValue).toBeLessThan(0.001);
      expect(drift.importance[0]!.name).toBe(name);
    }
  });

  it('takes clustered rows for less evidence', () => {
    const plain = computed(sample(seededRandom(34), 800), sample(seededRandom(35), 800, 0.5), {
      rng: seededRandom(36),
    });
    const clustered = computed(sample(seededRandom(34), 800), sample(seededRandom(35), 800, 0.5), {
      rng: seededRandom(36),
      designEffect: 4,
    });
    expect(clustered.auc).toBe(plain.auc);
    expect(clustered.pValue).toBeGreaterThan(10 * plain.pValue);
  });

  it('gives the same answer for the same draws, from no more rows than allowed', () => {
    const [reference, current] = [sample(seededRandom(37), 3000), sample(seededRandom(38), 3000, 0.9)];
    const answer = (maxRows: number) => computed(reference, current, { rng: seededRandom(39), maxRows });
    expect(answer(500)).toEqual(answer(500));
    expect(answer(100).pValue).toBeGreaterThan(answer(3000).pValue);
  });

  it('is not computable below 50 rows or without two columns that vary', () => {
    const rng = seededRandom(40);
    const [few, enough] = [sample(rng, 49), sample(rng, 50)];
    expect(domainClassifier(few, enough, { rng })).toEqual({
      computable: false,
      reason: '49 reference and 50 current rows; 50 needed on either side',
    });
    expect(domainClassifier(enough, enough, { rng }).computable).toBe(true);
    const missing = numeric('gone', new Float64Array(60).fill(Number.NaN));
    const dull = table(
      numeric('x', Float64Array.from({ length: 60 }, rng)),
      missing,
      numeric('c', new Float64Array(60)),
    );
    expect(domainClassifier(dull, dull, { rng })).toEqual({
      computable: false,
      reason: '1 columns vary; 2 needed',
    });
  });
});
