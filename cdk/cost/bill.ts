// Charges at prices: what a month costs by component, and where one line overtakes another.
import { costOf, type PriceFile, type PriceName } from './prices.ts';
import { type Charge, type Component, components } from './usage.ts';

export interface BilledLine extends Charge {
  readonly usd: number;
}

export interface Bill {
  readonly usd: number;
  readonly byComponent: Readonly<Record<Component, number>>;
  readonly lines: readonly BilledLine[];
}

/**
 * Tiers and free allowances are those of a price, not of a line: lines of one price share its cost by quantity.
 */
export function billOf(charges: readonly Charge[], { items }: PriceFile, isFreeTier: boolean): Bill {
  const quantities = new Map<PriceName, number>();
  for (const { price, quantity } of charges) quantities.set(price, (quantities.get(price) ?? 0) + quantity);
  const unit = new Map(
    [...quantities].map(([price, quantity]) => [
      price,
      costOf(items[price], quantity, isFreeTier) / quantity,
    ]),
  );
  const lines = charges.map((charge) => ({ ...charge, usd: unit.get(charge.price)! * charge.quantity }));
  const sum = (some: readonly BilledLine[]) => some.reduce((total, { usd }) => total + usd, 0);
  const byComponent = Object.fromEntries(
    components.map((component) => [component, sum(lines.filter((line) => line.component === component))]),
  ) as Record<Component, number>;
  return { usd: sum(lines), byComponent, lines };
}

const smallest = 1e3;
const largest = 1e10;
const stepsPerDecade = 40;

/**
 * The least volume from which on `left` costs at least `right`, to a hundredth: on a logarithmic grid, then by bisection. Where the
 * right side jumps, it is the first crossing.
 *
 * @param left cost of a monthly volume
 * @param right cost of the same
 * @returns undefined where that is so nowhere from 1,000 to 10,000,000,000 a month; 1000 where it is so from the start
 * @example breakEven((volume) => volume, () => 5000) // 5000, to a hundredth
 */
export function breakEven(
  left: (volume: number) => number,
  right: (volume: number) => number,
): number | undefined {
  const isOver = (volume: number) => left(volume) >= right(volume);
  if (isOver(smallest)) return smallest;
  let low = smallest;
  for (let step = 1; ; step += 1) {
    const volume = smallest * 10 ** (step / stepsPerDecade);
    if (volume > largest * 1.001) return undefined;
    if (isOver(volume)) return bisect(isOver, low, volume);
    low = volume;
  }
}

function bisect(isOver: (volume: number) => boolean, from: number, to: number): number {
  let [low, high] = [from, to];
  while (high / low > 1.01) {
    const middle = Math.sqrt(low * high);
    if (isOver(middle)) high = middle;
    else low = middle;
  }
  return high;
}
