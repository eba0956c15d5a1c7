// The dated price file of the cost calculator, and what a quantity costs at its tiers.
import { readFileSync } from 'node:fs';
import * as z from 'zod';

const tierSchema = z.strictObject({ upTo: z.number().positive().optional(), usd: z.number().nonnegative() });

const priceSchema = z.strictObject({
  what: z.string(),
  /** Units a tier's price is for. */
  per: z.number().positive(),
  /** In order; only the last has no end. `upTo` is in units a month. */
  tiers: z.array(tierSchema).min(1),
  /** Always-free units a month. */
  free: z.number().nonnegative(),
  source: z.string(),
  /** The figure was found on a copy of its source, or in a dated quotation of it. */
  confirmed: z.boolean(),
  note: z.string().optional(),
});

const names = [
  'apiGatewayRest',
  'apiGatewayHttp',
  'lambdaRequest',
  'lambdaGbSecondX86',
  'lambdaGbSecondArm',
  'lambdaProvisionedX86',
  'lambdaProvisionedArm',
  'dynamoWrite',
  'dynamoRead',
  'dynamoStorage',
  'dynamoBackup',
  'firehoseDirectPut',
  's3Put',
  's3Get',
  's3Storage',
  'stepTransition',
  'logsIngest',
  'logsStorage',
  'ampSample',
  'ampStorage',
  'metric',
  'alarm',
  'eventCustom',
  'eventScheduled',
  'kmsKey',
  'kmsRequest',
  'secret',
  'xrayTrace',
  'dataOut',
  'sagemakerT2Medium',
  'sagemakerM5Large',
  'sagemakerC5Xlarge',
  'sagemakerC52xlarge',
  'sagemakerData',
] as const;

const priceFileSchema = z.strictObject({
  date: z.iso.date(),
  region: z.string(),
  currency: z.literal('USD'),
  note: z.string(),
  items: z.record(z.enum(names), priceSchema),
});

export type PriceName = (typeof names)[number];
export type Price = z.infer<typeof priceSchema>;
export type PriceFile = z.infer<typeof priceFileSchema>;

/** `prices.json` beside this file; throws where it is not what the schema says. */
export function readPrices(): PriceFile {
  return priceFileSchema.parse(JSON.parse(readFileSync(new URL('prices.json', import.meta.url), 'utf8')));
}

/**
 * What `quantity` units cost in one month, each at the price of the tier it falls in.
 *
 * @param quantity units, not negative
 * @param isFreeTier takes the always-free units off first
 * @example costOf({ what: '', per: 1, tiers: [{ upTo: 10, usd: 2 }, { usd: 1 }], free: 0, source: '', confirmed: true }, 15, false) // 25
 */
export function costOf({ tiers, per, free }: Price, quantity: number, isFreeTier: boolean): number {
  let left = Math.max(0, quantity - (isFreeTier ? free : 0));
  let from = 0;
  let usd = 0;
  for (const { upTo = Number.POSITIVE_INFINITY, usd: price } of tiers) {
    const here = Math.min(left, upTo - from);
    usd += (here / per) * price;
    left -= here;
    from = upTo;
    if (left === 0) break;
  }
  return usd;
}
