// Quantities against figures worked out by hand, and what they do at the ends: nobody asks, and everybody does.
import { describe, expect, test } from 'vitest';
import { billOf } from './bill.ts';
import type { Inventory } from './inventory.ts';
import { type PriceName, readPrices } from './prices.ts';
import { sinkCosts } from './sink.ts';
import { type Charge, chargesOf, type Front } from './usage.ts';
import type { Workload } from './workload.ts';

const fn = (memoryMb: number) => ({ memoryMb, isArm: false, isTraced: true });
const inventory: Inventory = {
  functions: {
    predict: fn(1024),
    feedback: fn(256),
    capture: fn(1024),
    tick: fn(1024),
    monitor: fn(1024),
    'retrain-train': fn(2048),
  },
  schedules: { tick: 43_800 },
  tables: 2,
  hasBackups: true,
  kmsTables: 2,
  customerKeys: 0,
  kmsPerObjectRequest: 0,
  api: { front: 'rest', hasDetailedMetrics: true, isTraced: true, logRetentionDays: 30, hasAccessLogs: true },
  feed: { batchSize: 1000, windowSeconds: 60, hasEventMetrics: false },
  granuleMs: 300_000,
  expiryDays: { 'archive/': 30 },
  hasBucketLogs: false,
  states: 34,
  alarms: 0,
  secrets: 0,
  unpriced: {},
};
const work: Workload = {
  predictions: 1e6,
  models: 1,
  rowsPerRequest: 1,
  labelShare: 0,
  retrains: 0,
  predictMs: 20,
};

const quantity = (charges: readonly Charge[], price: PriceName, what = '') =>
  charges
    .filter((charge) => charge.price === price && charge.what.includes(what))
    .reduce((sum, charge) => sum + charge.quantity, 0);
const of = (more: Partial<Workload> = {}, deployed: Partial<Inventory> = {}, front: Front = 'rest') =>
  chargesOf({ ...inventory, ...deployed }, { ...work, ...more }, front);

describe('a month of predictions', () => {
  test('is one request, one write and 20 ms × 1 GB each', () => {
    const charges = of();
    expect(quantity(charges, 'apiGatewayRest')).toBe(1e6);
    expect(quantity(charges, 'dynamoWrite', 'predictions')).toBe(1e6);
    expect(quantity(charges, 'lambdaRequest', 'predict ')).toBe(1e6);
    expect(quantity(charges, 'lambdaGbSecondX86', 'predict ')).toBe(20_000);
  });

  test('by batches of 100 has a hundredth of the requests and as many writes', () => {
    const charges = of({ rowsPerRequest: 100 });
    expect(quantity(charges, 'apiGatewayRest')).toBe(10_000);
    expect(quantity(charges, 'dynamoWrite', 'predictions')).toBe(1e6);
    expect(quantity(charges, 'lambdaGbSecondX86', 'predict ')).toBeCloseTo(10_000 * (0.02 + 99 * 0.0005), 6);
  });

  test('with half of them labelled has half as many writes more and one request per 100 labels', () => {
    const charges = of({ labelShare: 0.5 });
    expect(quantity(charges, 'dynamoWrite', 'predictions')).toBe(1.5e6);
    expect(quantity(charges, 'apiGatewayRest')).toBe(1e6 + 5000);
  });

  test('fills a stream batch at full load: 1000 records each', () => {
    const charges = of({ predictions: 1e10 });
    expect(quantity(charges, 'lambdaRequest', 'capture') / (1e10 / 1000)).toBeCloseTo(1, 3);
  });

  test('wakes capture once for each record when they are rare', () => {
    expect(quantity(of({ predictions: 100 }), 'lambdaRequest', 'capture')).toBeCloseTo(100, 0);
  });

  test('wakes capture at most once a minute and shard in between: 4 × 43,800', () => {
    const captures = quantity(of({ predictions: 5e6 }), 'lambdaRequest', 'capture');
    expect(captures).toBeGreaterThan(4 * 43_800 * 0.99);
    expect(captures).toBeLessThanOrEqual(4 * 43_800);
  });

  test('puts two objects per model in a batch', () => {
    const puts = (models: number) => quantity(of({ predictions: 5e6, models }), 's3Put', 'puts');
    // less the roll-ups and reports of each model
    expect((puts(2) - 2 * (8760 + 60)) / (puts(1) - (8760 + 60))).toBeCloseTo(2, 1);
  });

  test('is billed for all traces below one request a second, and for a twentieth of those above', () => {
    const idle = quantity(of({ predictions: 0 }), 'xrayTrace');
    expect(idle).toBe(43_800);
    const low = of({ predictions: 1e6 });
    const roots = 1e6 + 43_800 + quantity(low, 'lambdaRequest', 'capture') + 30;
    expect(quantity(low, 'xrayTrace')).toBeCloseTo(roots, 3);
    const high = of({ predictions: 1e8 });
    const all = 1e8 + 43_800 + quantity(high, 'lambdaRequest', 'capture') + 30;
    expect(quantity(high, 'xrayTrace')).toBeCloseTo(2_628_000 + (all - 2_628_000) / 20, 0);
  });

  test('is not traced where nothing is', () => {
    const functions = { predict: { ...fn(1024), isTraced: false } };
    expect(quantity(of({}, { functions, api: { ...inventory.api, isTraced: false } }), 'xrayTrace')).toBe(0);
  });

  test('counts a metric of our own for each hour with a cold start, and the canary’s for one hour a day where it is', () => {
    const own = (predictions: number, schedules: Record<string, number> = {}) =>
      quantity(of({ predictions }, { schedules }), 'metric', 'of our own');
    expect(own(0)).toBe(0);
    expect(own(73)).toBeCloseTo(0.1, 9);
    expect(own(1e9)).toBe(1);
    expect(own(0, { canary: 4380 })).toBeCloseTo(1 / 24, 9);
  });

  test('watches a canary like one model more, which is asked for nothing and never retrained', () => {
    const bill = (models: number, canary: Record<string, number> = {}) => {
      const schedules = { ...inventory.schedules, ...canary };
      const charges = of({ predictions: 0, models }, { schedules, hasMetrics: true });
      return [
        quantity(charges, 'ampSample'),
        quantity(charges, 's3Put', 'lists'),
        quantity(charges, 'dynamoRead', 'of the tick'),
      ];
    };
    expect(bill(1, { canary: 4380 })).toEqual(bill(2));
    expect(bill(1)).not.toEqual(bill(2));
  });

  test('adds less than a dollar’s tenth to the bill of a stage that nobody asks: metrics that are not emitted cost nothing', () => {
    const lines = billOf(of({ predictions: 0 }, { schedules: { canary: 4380 } }), readPrices(), false).lines;
    const own = lines.find(({ what }) => what === 'metrics of our own');
    expect(own?.usd).toBeCloseTo(0.0125, 4);
  });

  test('costs no API requests, access logs or metrics behind a function URL, and the same metrics behind an HTTP API', () => {
    const url = of({}, {}, 'function-url');
    expect(quantity(url, 'apiGatewayRest') + quantity(url, 'apiGatewayHttp')).toBe(0);
    expect(quantity(url, 'logsIngest') + quantity(url, 'metric', 'detailed')).toBe(0);
    const http = of({}, {}, 'http');
    expect([quantity(http, 'apiGatewayHttp'), quantity(http, 'metric', 'detailed')]).toEqual([1e6, 5]);
    expect(quantity(of(), 'metric', 'detailed')).toBe(5);
  });

  test('counts what became of the stream’s records in six metrics where the template asks for them, and in none while nothing comes', () => {
    const feed = { ...inventory.feed, hasEventMetrics: true };
    expect(quantity(of({}, { feed }), 'metric') - quantity(of(), 'metric')).toBe(6);
    expect(quantity(of({ predictions: 0 }, { feed }), 'metric')).toBe(0);
  });

  test('keeps log items 14 of 30.4 days and archived rows as long as the template says', () => {
    const stored = quantity(of(), 'dynamoStorage');
    expect(stored).toBeCloseTo((1e6 * 800 * (14 / (730 / 24))) / 1e9, 9);
    expect(quantity(of(), 'dynamoBackup')).toBe(stored);
    expect(quantity(of({}, { hasBackups: false }), 'dynamoBackup')).toBe(0);
    const bytes = (days: number) => quantity(of({}, { expiryDays: { 'archive/': days } }), 's3Storage') * 1e9;
    expect(bytes(60) - bytes(30)).toBeCloseTo((1e6 * 100 * 30) / (730 / 24), 0);
  });
});

describe('a month without predictions', () => {
  test('still ticks: 43,800 times, with eleven reads and one list for a model', () => {
    const charges = of({ predictions: 0 });
    expect(quantity(charges, 'lambdaRequest')).toBe(43_800);
    expect(quantity(charges, 'dynamoRead')).toBe(43_800 * 11);
    expect(quantity(charges, 's3Put')).toBe(43_800);
    expect(quantity(charges, 'dynamoWrite')).toBe(2 * 8760);
    expect(quantity(charges, 'apiGatewayRest') + quantity(charges, 'metric')).toBe(0);
  });

  test('is charged for what stands: keys, alarms, secrets', () => {
    const charges = of({ predictions: 0 }, { customerKeys: 1, alarms: 7, secrets: 2 });
    expect(quantity(charges, 'kmsKey')).toBe(1);
    expect(quantity(charges, 'alarm')).toBe(7);
    expect(quantity(charges, 'secret')).toBe(2);
  });
});

test('a retrain is as many transitions as the machine has states, and a minute of training at 2 GB', () => {
  const charges = of({ predictions: 0, retrains: 2, models: 3 });
  expect(quantity(charges, 'stepTransition')).toBe(6 * 34);
  expect(quantity(charges, 'lambdaGbSecondX86', 'retrain-train')).toBe(6 * 60 * 2);
});

test('an instance of 1 GB kept warm is charged for each second of the month, called or not', () => {
  const functions = { ...inventory.functions, predict: { ...fn(1024), provisioned: 2 } };
  expect(quantity(of({ predictions: 0 }, { functions }), 'lambdaProvisionedX86')).toBe(2 * 2_628_000);
  const arm = { predict: { ...fn(2048), provisioned: 1, isArm: true } };
  expect(quantity(of({ predictions: 0 }, { functions: arm }), 'lambdaProvisionedArm')).toBe(2 * 2_628_000);
  expect(quantity(of(), 'lambdaProvisionedX86')).toBe(0);
});

test('functions on arm64 are charged at the price of arm64', () => {
  const functions = { ...inventory.functions, predict: { ...fn(1024), isArm: true } };
  expect(quantity(of({}, { functions }), 'lambdaGbSecondArm')).toBe(20_000);
});

test('objects under a KMS key cost a request of it each, or one in a hundred with a bucket key', () => {
  const requests = (kmsPerObjectRequest: number) =>
    quantity(of({}, { kmsPerObjectRequest }), 'kmsRequest', 'its key');
  expect(requests(0)).toBe(0);
  expect(requests(1) / requests(0.01)).toBeCloseTo(100, 6);
});

describe('the log through Firehose instead of the table', () => {
  const prices = readPrices();
  const capture = billOf(of(), prices, false)
    .lines.filter(({ what }) => what.startsWith('capture '))
    .reduce((sum, { usd }) => sum + usd, 0);

  test('costs 5 KB a record however short, and capture as before', () => {
    const { firehose } = sinkCosts(inventory, work, prices);
    expect(firehose).toBeCloseTo(5 * prices.items.firehoseDirectPut.tiers[0]!.usd + capture, 9);
  });

  test('costs less at any volume, so that price is no reason to wait for', () => {
    for (const predictions of [1e3, 1e6, 1e9, 1e10]) {
      const { table, firehose } = sinkCosts(inventory, { ...work, predictions, labelShare: 0.2 }, prices);
      expect(firehose).toBeLessThan(table);
    }
  });

  test('costs nothing where nothing is logged', () => {
    expect(sinkCosts(inventory, { ...work, predictions: 0 }, prices)).toEqual({ table: 0, firehose: 0 });
  });
});
