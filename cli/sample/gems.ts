/** Seeded gem sales: the data of `npm run demo` and `npm start` when no file is given. Written for this project; no dataset is copied. */
import { normal, seededRandom } from '#shared/random.ts';

const colours = ['colourless', 'near colourless', 'faint', 'light'] as const;
const clarities = ['flawless', 'very slight', 'slight', 'included'] as const;
const shapes = ['round', 'oval', 'pear', 'cushion', 'emerald'] as const;

/** A CSV with a header: numbers, texts, a boolean, a date, some missing values, and `price` to predict. */
export function gemsCsv(rows: number, seed: number): string {
  const random = seededRandom(seed);
  const lines = ['weight,colour,clarity,shape,depth,girdle,certified,sold_on,price'];
  for (let row = 0; row < rows; row++) lines.push(gem(random));
  return `${lines.join('\n')}\n`;
}

function gem(random: () => number): string {
  const weight = Math.exp(-0.3 + 0.55 * normal(random));
  const colour = pick(colours.length, random);
  const clarity = pick(clarities.length, random);
  const shape = Math.floor(random() * shapes.length);
  const depth = 61.5 + 1.6 * normal(random);
  const girdle = 1 + Math.floor(random() * 8);
  const isCertified = random() < 0.35 + 0.1 * (3 - clarity);
  const day = new Date(Date.UTC(2025, 0, 1) + Math.floor(random() * 365) * 86_400_000)
    .toISOString()
    .slice(0, 10);
  const worth =
    7.2 +
    1.65 * Math.log(weight) -
    0.16 * colour -
    0.22 * clarity +
    (shape === 0 ? 0.18 : 0) +
    (isCertified ? 0.12 : 0);
  const price = Math.exp(worth - 0.004 * (depth - 61.5) ** 2 + 0.1 * normal(random));
  return [
    weight.toFixed(2),
    colours[colour],
    clarities[clarity],
    shapes[shape],
    random() < 0.02 ? '' : depth.toFixed(1),
    girdle,
    isCertified,
    day,
    price.toFixed(2),
  ].join(',');
}

/** Skewed towards the middle kinds. */
function pick(kinds: number, random: () => number): number {
  return Math.min(kinds - 1, Math.floor((random() + random()) * 0.5 * kinds));
}
