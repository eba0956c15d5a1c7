/** Seeded sales of stones for the story: a usual world, one in which inputs and prices have changed, and one whose labels mean nothing. */
import { normal } from '#shared/random.ts';

export interface Sale {
  readonly features: { readonly weight: number; readonly colour: string; readonly depth: number };
  /** The price. */
  readonly label: number;
}

export type World = 'usual' | 'changed' | 'shuffled';

const colours = ['clear', 'faint', 'light', 'yellow'] as const;

/**
 * @param random uniform on [0, 1)
 * @example salesIn('usual', 1, seededRandom(1))[0].features.colour // one of clear, faint, light, yellow
 */
export function salesIn(world: World, count: number, random: () => number): Sale[] {
  return Array.from({ length: count }, () => {
    const row = sale(world === 'changed', random);
    // an honest price, of another stone
    return world === 'shuffled' ? { ...row, label: sale(false, random).label } : row;
  });
}

/** In the changed world stones are heavier, and cost more than their weight used to explain. */
function sale(isChanged: boolean, random: () => number): Sale {
  const colour = Math.floor(colours.length * random());
  const weight = Math.max(0.1, 1 + 0.3 * normal(random) + (isChanged ? 0.45 : 0));
  const depth = 61.5 + 1.5 * normal(random);
  const usual = 800 * weight - 90 * colour + 4 * (depth - 61.5) + 25 * normal(random);
  return {
    features: {
      weight: Number(weight.toFixed(3)),
      colour: colours[colour]!,
      depth: Number(depth.toFixed(1)),
    },
    label: Number((isChanged ? usual + 300 * weight : usual).toFixed(2)),
  };
}

/** With a header; the last column is `price`. */
export function csvOf(sales: readonly Sale[]): string {
  const lines = sales.map(({ features: { weight, colour, depth }, label }) =>
    [weight, colour, depth, label].join(','),
  );
  return `weight,colour,depth,price\n${lines.join('\n')}\n`;
}
