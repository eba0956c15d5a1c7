// From words to the printed table, on the real templates of stage dev.
import { beforeAll, describe, expect, test } from 'vitest';
import { type Inventory, takeInventory, UnreadableTemplateError } from './inventory.ts';
import { costHelp, readCostOptions, UsageError } from './options.ts';
import { readPrices } from './prices.ts';
import { costReport } from './report.ts';
import { synthesise } from './synth.ts';
import { costTable } from './table.ts';

describe('words', () => {
  test('are those of the help, with their defaults', () => {
    expect(readCostOptions(['--models', '3', '--stage', 'prod', '--predictions', '1e8'])).toEqual({
      work: {
        predictions: 1e8,
        models: 3,
        rowsPerRequest: 1,
        labelShare: 0.2,
        retrains: 1,
        predictMs: 15,
      },
      stage: 'prod',
      isFreeTier: false,
      isJson: false,
    });
    expect(readCostOptions(['--help'])).toBeUndefined();
  });

  test.each([
    [['--predictions', 'many'], '--predictions is "many": want a whole number from 0 to 10000000000'],
    [['--predictions', '1.5'], '--predictions is "1.5": want a whole number from 0 to 10000000000'],
    [['--predictions=-1'], '--predictions is "-1": want a whole number from 0 to 10000000000'],
    [['--models', '0'], '--models is "0": want a whole number from 1 to 10000'],
    [['--rows-per-request', '1001'], '--rows-per-request is "1001": want a whole number from 1 to 1000'],
    [['--labels', '1.1'], '--labels is "1.1": want a number from 0 to 1'],
    [['--labels', ''], '--labels is "": want a number from 0 to 1'],
    [['--stage', 'local'], '--stage is "local": want dev or prod'],
    [['--architecture', 'mips'], '--architecture is "mips": want x86_64 or arm64'],
    [['--front', 'alb'], '--front is "alb": want rest or http'],
  ])('%j are refused with what is allowed', (args, message) => {
    expect(() => readCostOptions(args)).toThrow(new UsageError(message));
  });

  test('unknown ones are refused by name', () => {
    expect(() => readCostOptions(['--prediction', '5'])).toThrow(/--prediction/);
    for (const word of ['predictions', 'models', 'stage', 'free-tier', 'json', 'rows-per-request'])
      expect(costHelp).toContain(`--${word}`);
  });
});

describe('stage dev', () => {
  let templates: readonly unknown[];
  let inventory: Inventory;
  const prices = readPrices();
  const { work } = readCostOptions([])!;
  const reportOf = (more: Partial<typeof work> = {}, isFreeTier = false) =>
    costReport({ stage: 'dev', inventory, work: { ...work, ...more }, prices, isFreeTier });

  beforeAll(() => {
    templates = synthesise({ stage: 'dev' });
    inventory = takeInventory(templates, 'dev');
  });

  test('is read from its templates: memory, schedule, stream batches, expiry, encryption', () => {
    expect(inventory).toMatchObject({
      functions: { predict: { memoryMb: 1024, isArm: false }, 'retrain-train': { memoryMb: 3008 } },
      schedules: { tick: 43_800 },
      feed: { batchSize: 1000, windowSeconds: 60, hasEventMetrics: true },
      granuleMs: 300_000,
      tables: 2,
      expiryDays: { 'archive/': 90, 'partials/': 7 },
    });
    expect(inventory.states).toBeGreaterThan(20);
  });

  test('costs at most 3 dollars a month idle with one model', () => {
    expect(reportOf().idle.total_usd).toBeLessThanOrEqual(3);
    expect(reportOf({ predictions: 0, retrains: 0 }).total_usd).toBe(reportOf().idle.total_usd);
  });

  test('costs less after the free allowances, and more with more of anything', () => {
    const base = reportOf().total_usd;
    expect(reportOf({}, true).total_usd).toBeLessThan(base);
    for (const more of [
      { predictions: 2e6 },
      { models: 2 },
      { labelShare: 1 },
      { retrains: 5 },
      { predictMs: 30 },
    ])
      expect(reportOf(more).total_usd).toBeGreaterThan(base);
  });

  test('costs less than two endpoint machines below its break-even point, and more above', () => {
    for (const { front, two_machines: at } of reportOf().break_even) {
      const difference = (predictions: number) => {
        const { switches, total_usd, endpoint } = reportOf({ predictions });
        const ours = {
          rest: total_usd,
          http: switches[0]!.total_usd,
          'function-url': switches[1]!.total_usd,
        };
        return ours[front] - endpoint.two.usd;
      };
      expect(difference(Math.round(at! * 0.97))).toBeLessThan(0);
      expect(difference(Math.round(at! * 1.01))).toBeGreaterThan(0);
    }
  });

  test('is cheaper behind an HTTP API, and cheaper still behind a function URL, the more so the more it is asked', () => {
    const saved = (predictions: number) => {
      const { total_usd, switches } = reportOf({ predictions });
      expect(switches[0]!.total_usd).toBeLessThan(total_usd);
      expect(switches[1]!.total_usd).toBeLessThan(switches[0]!.total_usd);
      return 1 - switches[1]!.total_usd / total_usd;
    };
    expect(saved(1e8)).toBeGreaterThan(saved(1e6));
    const { api_gateway_dominates_from: from } = reportOf();
    const share = (predictions: number) => {
      const { by_component, total_usd } = reportOf({ predictions });
      return by_component['API Gateway'] / total_usd;
    };
    expect(share(from! * 0.97)).toBeLessThan(0.5);
    expect(share(from! * 1.03)).toBeGreaterThan(0.5);
  });

  test('is read with the front and the instances kept warm that are deployed, and priced so', () => {
    const knobs = { front: 'http', provisionedConcurrency: '{"predict":2}' };
    const other = takeInventory(synthesise({ stage: 'dev', ...knobs }), 'dev');
    expect(inventory.api.front).toBe('rest');
    expect(other).toMatchObject({
      api: { front: 'http', hasAccessLogs: true, logRetentionDays: 7 },
      functions: { predict: { provisioned: 2 }, feedback: { provisioned: 0 } },
      unpriced: {},
    });
    const report = costReport({ stage: 'dev', inventory: other, work, prices, isFreeTier: false });
    expect(report.by_component['API Gateway']).toBeCloseTo(1.002, 3);
    expect(report.lines.find(({ what }) => what === '2 × predict kept warm')?.usd).toBeCloseTo(21.9, 1);
    expect(report.switches[0]?.what).toBe('REST API instead of HTTP API');
  });

  test('prints every component, the idle bill, the switches, and which prices are not confirmed', () => {
    const text = costTable(reportOf({ models: 3 }));
    for (const part of [
      'API Gateway',
      'DynamoDB',
      'X-Ray',
      '(idle)',
      'function URL',
      'ml.t2.medium',
      '2026-',
    ])
      expect(text).toContain(part);
    expect(text.match(/Price not confirmed/g)).toHaveLength(
      Object.values(prices.items).filter(({ confirmed }) => !confirmed).length,
    );
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(150);
  });

  test('names a resource it has no price for', () => {
    const other = { Resources: { A: { Type: 'AWS::Kinesis::Stream' }, B: { Type: 'AWS::Kinesis::Stream' } } };
    const unpriced = takeInventory([...templates, other], 'dev');
    expect(unpriced.unpriced).toMatchObject({ 'AWS::Kinesis::Stream': 2 });
    expect(costTable({ ...reportOf(), unpriced: unpriced.unpriced })).toContain(
      'Not priced: 2 × AWS::Kinesis::Stream',
    );
  });

  test('refuses templates of another stage or with a schedule it cannot read', () => {
    expect(() => takeInventory(templates, 'prod')).toThrow(UnreadableTemplateError);
    const rule = {
      Type: 'AWS::Events::Rule',
      Properties: {
        ScheduleExpression: 'cron(0 * * * ? *)',
        Targets: [{ Arn: { 'Fn::GetAtt': ['F', 'Arn'] } }],
      },
    };
    const other = {
      Resources: {
        R: rule,
        F: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'tidemark-dev-x', MemorySize: 128 } },
      },
    };
    expect(() => takeInventory([...templates, other], 'dev')).toThrow('a schedule is "cron(0 * * * ? *)"');
  });
});
