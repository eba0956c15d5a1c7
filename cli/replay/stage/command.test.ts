import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createModel } from '#shared/registry/registry.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { main } from '../../main.ts';
import { replayStage } from './command.ts';
import { stageOptions } from './options.ts';
import type { Deployment } from './ports.ts';
import { FakeQueue } from './queue.testing.ts';

let printed: { stdout: string; stderr: string };
beforeEach(() => {
  printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const nowMs = Date.now();
const inAnHour = Math.floor(nowMs / 1000) + 3600;

const spooled = (id: string, more: object = {}) =>
  JSON.stringify({
    tidemark_spool: {
      pk: `small#${id}`,
      sk: 'prediction',
      value: {
        model: 'small',
        version: 'v1',
        request_id: id,
        at: 1000,
        features: { width: 1 },
        context: {},
        answer: { prediction: 3 },
        hash: 'h',
      },
      expiresAt: inAnHour,
      ...more,
    },
  });

async function deploymentOf(lines: readonly string[]): Promise<Deployment & { readonly deps: MemoryDeps }> {
  const deps = memoryDeps();
  await createModel(deps, smallRecord());
  const { predictions, state, objects, pipelines } = deps;
  return {
    deps,
    stage: 'dev',
    predictions,
    state,
    objects,
    pipelines,
    invoke: async () => ({ ok: true }),
    deadLetters: async () => [],
    async *spoolLines() {
      for (const [at, message] of lines.entries()) yield { where: `log ${at}`, message };
    },
  };
}

const options = (words: object) =>
  stageOptions({ stage: 'dev', 'dry-run': false, json: true, ...words }, [], nowMs);

async function replayed(deployment: Deployment, words: object) {
  printed.stdout = '';
  const code = await replayStage(deployment, options(words));
  return { code, ...JSON.parse(printed.stdout) };
}

describe('the spool of a deployment', () => {
  test('what its logs hold is put into the table once; expired records are skipped and counted; a second run puts nothing', async () => {
    const deployment = await deploymentOf([
      spooled('a'),
      `2026-11-21T12:00:00.000Z\t${spooled('b')}`,
      spooled('a'),
      spooled('old', { expiresAt: 1 }),
    ]);
    const counts = { skipped: 1, failed: [], unreadable: [], has_more: false };
    expect(await replayed(deployment, { spool: true, 'dry-run': true })).toEqual({
      code: 0,
      stage: 'dev',
      dry_run: true,
      spool: { replayed: 2, already_there: 1, ...counts },
    });
    expect(await deployment.predictions.get({ pk: 'small#a', sk: 'prediction' })).toBeUndefined();
    expect((await replayed(deployment, { spool: true })).spool).toEqual({
      replayed: 2,
      already_there: 1,
      ...counts,
    });
    expect((await replayed(deployment, { spool: true })).spool).toEqual({
      replayed: 0,
      already_there: 3,
      ...counts,
    });
    expect(await deployment.predictions.get({ pk: 'small#b', sk: 'prediction' })).toMatchObject({
      value: { request_id: 'b' },
      expiresAt: inAnHour,
    });
  });

  test('a record of a model that is not there, and a line that was cut, are named and the exit is 1', async () => {
    const deployment = await deploymentOf([
      spooled('a', { pk: 'other#a' }).replace('"small"', '"other"'),
      spooled('b').slice(0, 60),
      spooled('c'),
    ]);
    const { code, spool } = await replayed(deployment, { spool: true });
    expect([code, spool]).toMatchObject([
      1,
      {
        replayed: 1,
        failed: [{ where: 'log 0', reason: expect.stringContaining('no model is named "other"') }],
        unreadable: [{ where: 'log 1' }],
      },
    ]);
  });
});

describe('tidemark replay --stage', () => {
  test('a source that cannot be read stops none of the others', async () => {
    const deployment: Deployment = {
      ...(await deploymentOf([spooled('a')])),
      deadLetters: async () => {
        throw Object.assign(new Error('not allowed'), { name: 'AccessDenied' });
      },
    };
    const words = { spool: true, stream: true, 'dead-letters': true };
    const { code, spool, stream, dead_letters } = await replayed(deployment, words);
    expect([code, spool.replayed, stream.failed, dead_letters.failed]).toEqual([
      1,
      1,
      [],
      [{ where: 'dead-letters', reason: 'AccessDenied: not allowed' }],
    ]);
  });

  test('a person reads one line a source, and what was not done', async () => {
    const deployment: Deployment = {
      ...(await deploymentOf([])),
      deadLetters: async () => [new FakeQueue('queue', 'poison')],
    };
    expect(await replayStage(deployment, options({ stream: true, 'dead-letters': true, json: false }))).toBe(
      1,
    );
    expect(printed.stdout).toBe(
      [
        'stream: 0 handed back, 0 already there, 0 skipped, 0 failed, 0 unreadable',
        'dead-letters: 0 handed back, 0 already there, 0 skipped, 0 failed, 1 unreadable',
        '  unreadable: queue message m1: not a JSON object: poison',
        '',
      ].join('\n'),
    );
  });

  test.each([
    [['--stage', 'Dev!', '--stream'], '--stage Dev! is not allowed'],
    [['--stage', 'dev'], 'say what to hand back: --spool, --stream, --dead-letters'],
    [['--stage', 'dev', '--stream', 'spool.ndjson'], 'spool.ndjson and --stage exclude each other'],
    [['--stage', 'dev', '--stream', '--data-dir', 'd'], '--data-dir and --stage exclude each other'],
    [['--stage', 'dev', '--stream', '--since', '1h'], 'are of --spool'],
    [['--stage', 'dev', '--spool', '--since', 'yesterday'], '--since yesterday is not allowed'],
    [['--stage', 'dev', '--spool', '--since', '1h', '--until', '2h'], '--since 1h is not before --until 2h'],
    [['--stage', 'dev', '--stream', '--endpoint-url', 'http://example.com'], 'is not an emulator'],
    [['--stage', 'dev', '--stream', '--endpoint-url', '127.0.0.1'], 'is not an emulator'],
    [['--stream'], '--stream is for a deployment: --stage STAGE is needed too'],
    [['spool.ndjson', '--region', 'eu-west-1'], '--region is for a deployment'],
  ])('%j exits 2 before anything is asked of AWS', async (words, said) => {
    expect(await main(['replay', ...words])).toBe(2);
    expect(printed.stderr).toContain(said);
  });

  test('--since is so long ago or a time, and a day ago unless told', () => {
    const since = (text?: string) =>
      stageOptions({ stage: 'dev', spool: true, since: text, 'dry-run': false, json: false }, [], nowMs)
        .sinceMs;
    expect([since(), since('90m'), since('7d'), since('2026-01-31T12:00:00Z')]).toEqual([
      nowMs - 86_400_000,
      nowMs - 5_400_000,
      nowMs - 7 * 86_400_000,
      Date.UTC(2026, 0, 31, 12),
    ]);
  });

  test('without credentials, or where nothing answers, it exits 2 and says what to do', async () => {
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
    for (const name of [
      'AWS_PROFILE',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_REGION',
      'AWS_DEFAULT_REGION',
    ])
      vi.stubEnv(name, undefined);
    const replay = (...words: string[]) => main(['replay', '--stage', 'dev', '--stream', ...words]);
    expect(await replay()).toBe(2);
    expect(printed.stderr).toContain('no region is known: give --region');
    expect(await replay('--region', 'eu-west-1')).toBe(2);
    expect(printed.stderr).toContain('no AWS credentials were found');
    expect(await replay('--endpoint-url', 'http://127.0.0.1:9')).toBe(2);
    expect(printed.stderr).toContain('CloudFormation does not answer in http://127.0.0.1:9');
  });
});
