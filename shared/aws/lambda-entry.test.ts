import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HttpEvent, HttpResult } from '../api/http.ts';
import { problem } from '../api/http.ts';
import type { Deps } from '../deps.ts';
import { type TelemetryName, telemetry } from '../telemetry/telemetry.ts';
import { entry } from './lambda-entry.ts';

const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.stubEnv('ENVIRONMENT', 'prod');
  vi.stubEnv('LOG_LEVEL', 'info');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

type Json = Record<string, unknown>;
const written = () => lines.map((line) => JSON.parse(line) as Json);
const metricLines = () => written().filter((line) => '_aws' in line);

const context = { awsRequestId: '5e7c1f2a-0000-4000-8000-000000000001' };
const event = {
  resource: '/models/{model}/predict',
  requestContext: { requestId: 'h1' },
  pathParameters: { model: 'churn' },
} as unknown as HttpEvent;

const withDeps = (run: (deps: Deps) => unknown) =>
  entry('capture', (deps) => async (_: unknown) => run(deps));

/** What CloudWatch takes, by its specification of the embedded metric format. */
function faultsOf(line: string): string[] {
  const { _aws: aws, ...members } = JSON.parse(line) as Json & {
    _aws: {
      Timestamp: number;
      CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: Json[] }[];
    };
  };
  const faults: string[] = [];
  const check = (isRight: boolean, fault: string) => void (isRight || faults.push(fault));
  check(line.endsWith('\n') && line.indexOf('\n') === line.length - 1, 'not one line');
  check(Buffer.byteLength(line) <= 1_048_576, 'too long');
  check(Number.isInteger(aws.Timestamp) && Math.abs(aws.Timestamp - Date.now()) < 7_200_000, 'Timestamp');
  check(aws.CloudWatchMetrics.length > 0, 'no directive');
  for (const { Namespace, Dimensions, Metrics } of aws.CloudWatchMetrics) {
    check(/^[\w./#-]{1,255}$/.test(Namespace), 'Namespace');
    check(Dimensions.length > 0, 'no dimension set');
    for (const set of Dimensions) {
      check(set.length <= 30, 'too many dimensions');
      for (const name of set)
        check(typeof members[name] === 'string' && members[name] !== '', `dimension ${name}`);
    }
    check(Metrics.length > 0 && Metrics.length <= 100, `${Metrics.length} metrics`);
    for (const { Name, Unit } of Metrics) {
      const value = members[String(Name)];
      const values = Array.isArray(value) ? value : [value];
      check(['Count', 'Seconds', 'Milliseconds'].includes(String(Unit)), `unit ${Unit}`);
      check(values.length <= 100 && values.every((one) => Number.isFinite(one)), `value of ${Name}`);
    }
  }
  return faults;
}

describe('telemetry of an invocation', () => {
  it('is one line at its end, in CloudWatch’s format, with the environment as its only dimension', async () => {
    await withDeps(({ measure }) => {
      for (const name of Object.keys(telemetry) as TelemetryName[]) measure(name, 2);
      measure('LateRows', 3);
      expect(lines).toEqual([]);
    })({}, context);
    expect(lines).toHaveLength(1);
    expect(faultsOf(lines[0]!)).toEqual([]);
    const [line] = metricLines();
    expect(line).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: 'Tidemark', Dimensions: [['environment']] }] },
      environment: 'prod',
      QuarantinedRecords: 2,
      LateRows: [2, 3],
    });
    expect(Object.keys(line!).sort()).toEqual(
      ['_aws', 'environment', 'level', 'timestamp', ...Object.keys(telemetry)].sort(),
    );
  });

  it('is not there where nothing was measured, and is of one invocation only', async () => {
    const measures = [1, 0, 4];
    const handler = withDeps(({ measure }) => {
      const value = measures.shift()!;
      if (value > 0) measure('LateRows', value);
    });
    for (let times = 0; times < 3; times++) await handler({}, context);
    expect(metricLines().map(({ LateRows }) => LateRows)).toEqual([1, 4]);
    expect(lines).toHaveLength(2);
  });

  it('is written although the handler throws', async () => {
    const failing = withDeps(({ measure }) => {
      measure('LateRows', 1);
      throw new Error('no table');
    });
    await expect(failing({}, context)).rejects.toThrow('no table');
    expect(metricLines()).toHaveLength(1);
    expect(written()[0]).toMatchObject({
      level: 'error',
      message: 'capture failed',
      error: { message: 'no table' },
    });
  });

  it('takes more values than a line may have as more lines', async () => {
    await withDeps(({ measure }) => {
      for (let at = 1; at <= 250; at++) measure('LateRows', at);
    })({}, context);
    expect(lines.flatMap(faultsOf)).toEqual([]);
    // or a function that logs warnings and errors only would lose all but the last
    for (const line of metricLines())
      expect(line).toMatchObject({ level: 'error', timestamp: expect.any(String) });
    const values = metricLines().flatMap(({ LateRows }) => LateRows as number[]);
    expect(values).toEqual(Array.from({ length: 250 }, (_, at) => at + 1));
  });

  it('costs no invocation its answer where a value is no number', async () => {
    const answer = await withDeps(({ measure }) => {
      measure('LateRows', Number.NaN);
      measure('QuarantinedRecords', 'seven' as unknown as number);
      measure('NoSuchMetric' as TelemetryName, 1);
      return 'answered';
    })({}, context);
    expect(answer).toBe('answered');
    expect(written().every(({ message }) => message === 'telemetry could not be written')).toBe(true);
    expect(metricLines()).toEqual([]);
  });
});

describe('the first invocation of a process', () => {
  const predict = () =>
    entry('predict', ({ log }) => async (_: HttpEvent) => {
      log('info', 'x');
    });

  it('is marked, and for predictions measured; the next is neither', async () => {
    const handler = predict();
    await handler(event, context);
    await handler(event, context);
    expect(written().map((line) => [line.cold_start, typeof line.ColdStartMs])).toEqual([
      [true, 'undefined'],
      [undefined, 'number'],
      [undefined, 'undefined'],
    ]);
    expect(lines.filter((line) => line.includes('_aws')).flatMap(faultsOf)).toEqual([]);
  });

  it('is no cold start where the process was ready long before', async () => {
    const handler = predict();
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 1500);
    await handler(event, context);
    expect(written()[0]).not.toHaveProperty('cold_start');
    expect(metricLines()).toEqual([]);
  });
});

describe('a line of a Lambda function', () => {
  const logging = () => withDeps(({ log }) => log('info', 'x'));

  it('has Lambda’s id of the invocation, and the trace where X-Ray records it', async () => {
    vi.stubEnv(
      '_X_AMZN_TRACE_ID',
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
    );
    const handler = logging();
    await handler(event, context);
    vi.stubEnv(
      '_X_AMZN_TRACE_ID',
      'Root=1-5759e988-bd862e3fe1be46a994272794;Parent=53995c3f42cd8ad8;Sampled=0',
    );
    await handler(event, context);
    expect(written().map((line) => [line.invocation_id, line.trace_id])).toEqual([
      [context.awsRequestId, '1-5759e988-bd862e3fe1be46a994272793'],
      [context.awsRequestId, undefined],
    ]);
  });

  it('is kept by a function that logs warnings and errors only, be it telemetry or a spooled record', async () => {
    await withDeps(({ measure, spool }) => {
      measure('LateRows', 1);
      spool({ pk: 'churn#1', sk: 'prediction', value: { a: 1 } });
    })({}, context);
    expect(lines[0]).toMatch(/^\{"tidemark_spool":\{"pk":"churn#1"/);
    for (const { level, timestamp } of written()) {
      expect(level).toBe('error');
      expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
    expect(lines).toHaveLength(2);
  });
});

describe('a problem', () => {
  it('names the request in its body and a header, as the gateway’s own do', async () => {
    const handler = entry(
      'predict',
      () =>
        async (_: HttpEvent): Promise<HttpResult> =>
          problem(404, 'no such model'),
    );
    const { headers, body } = await handler(event, context);
    expect(headers).toMatchObject({ 'tidemark-request-id': 'h1' });
    expect(JSON.parse(body)).toMatchObject({ status: 404, instance: 'h1' });
  });
});
