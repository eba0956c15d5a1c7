import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import { functions } from '#shared/api/surface.ts';
import { formTokenField } from '#shared/auth/form-token.ts';
import type { Execution } from '#shared/ports/pipelines.ts';
import { approvalId, storeApproval } from '#shared/registry/approval.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import { changePause, readPause } from '#shared/registry/pause.ts';
import { changeChampion, readPointer, registerVersion } from '#shared/registry/registry.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps, startMs, stopFailing } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { createConsoleHandler } from './handler.ts';

const nasty = `<script>alert(1)</script>"'&`;
const domainName = 'api.example.com';
const person = (role: string, session = 's1') => ({ subject: 'ann', session, role });

let deps: MemoryDeps;
let version: string;
beforeEach(async () => {
  deps = memoryDeps({ ENVIRONMENT: 'dev' });
  version = await registerSmall(deps, smallRecord());
});

/** With no more rights than the function's role has. */
const handler = () => createConsoleHandler(guardedDeps(deps, functions.console.access));

interface Asked {
  readonly id?: string;
  readonly model?: string;
  readonly query?: Record<string, string>;
  readonly authorizer?: object;
  readonly headers?: Record<string, string>;
}

function eventOf(method: string, resource: string, body: string | null, asked: Asked): HttpEvent {
  const { id = 'i', model = 'small', query = null, authorizer = person('operator'), headers = {} } = asked;
  const path = resource.replace('{model}', model).replace('{id}', encodeURIComponent(id));
  return {
    httpMethod: method,
    resource,
    path,
    body,
    isBase64Encoded: false,
    headers: { accept: 'text/html', ...headers },
    queryStringParameters: query,
    pathParameters: { model, id },
    requestContext: {
      path: `/dev${path}`,
      domainName,
      authorizer: authorizer as Readonly<Record<string, unknown>>,
    },
  };
}

const show = (resource: string, asked: Asked = {}): Promise<HttpResult> =>
  handler()(eventOf('GET', resource, null, asked));

/** The hidden fields of a page's form. */
function hiddenOf({ body }: HttpResult): Record<string, string> {
  const main = body.slice(body.indexOf('<main>'));
  const found = main.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g);
  return Object.fromEntries([...found].map(([, name, value]) => [name!, value!]));
}

function send(resource: string, fields: Record<string, string>, asked: Asked = {}): Promise<HttpResult> {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    origin: `https://${domainName}`,
    ...asked.headers,
  };
  return handler()(eventOf('POST', resource, new URLSearchParams(fields).toString(), { ...asked, headers }));
}

/** Opens the page, fills it in and sends it. */
async function fill(
  resource: string,
  fields: Record<string, string>,
  asked: Asked = {},
): Promise<HttpResult> {
  return send(resource, { ...hiddenOf(await show(resource, asked)), reason: 'because', ...fields }, asked);
}

const retrain = '/console/models/{model}/retrain';
const runs = () => deps.pipelines.list('retrain');

async function addChampion(): Promise<void> {
  await registerVersion(deps, 'small', {
    version: 'v2',
    status: 'READY',
    created_at: '',
    sha256: '',
    metrics: {},
  });
  const by = { action: 'promote', actor: 'a', reason: 'r' } as const;
  await changeChampion(deps, { model: 'small', to: 'v2', expected: version, ...by });
}

async function addApproval(startedBy = 'someone'): Promise<string> {
  const execution = 'retrain:run-1';
  const id = approvalId('small', execution);
  const gates = [{ name: 'better_than_champion', passed: true, detail: `lower by 0.2 ${nasty}` }] as const;
  await storeApproval(deps, {
    id,
    model: 'small',
    version: 'v9',
    champion: version,
    execution,
    startedAt: startMs,
    startedBy,
    reason: 'auto_promote is off',
    evidence: { gates, candidate: { rmse: 0.31 }, champion: { rmse: 0.52 } },
    requestedAt: startMs,
    expiresAt: startMs + 3_600_000,
    token: 'the-task-token',
  });
  const input = { model: 'small', trigger: 'operator', actor: startedBy, reason: 'drift' };
  deps.pipelines.set(execution, 'RUNNING', { input });
  return id;
}

describe('a page that asks', () => {
  test('changes nothing, however often it is opened and whoever opens it', async () => {
    await addChampion();
    const id = await addApproval();
    await changePause(deps, 'small', { paused: true, actor: 'a', reason: 'r' });
    const before = (await runs()).length;
    const refuse = () => {
      throw new Error('a page wrote');
    };
    Object.assign(deps.state, { beforeWrite: refuse });
    Object.assign(deps.objects, { beforeWrite: refuse });
    Object.assign(deps.predictions, { beforeWrite: refuse });
    for (const authorizer of [person('operator'), person('viewer'), {}])
      for (const page of ['retrain', 'pause', 'resume', 'rollback', 'runs/{id}'])
        for (const _ of [1, 2]) {
          const asked = { authorizer, id: 'retrain:run-1', query: { from: 'grafana', feature: 'depth' } };
          expect((await show(`/console/models/{model}/${page}`, asked)).statusCode).toBe(200);
          expect((await show('/console/approvals/{id}', { authorizer, id })).statusCode).toBe(200);
        }
    stopFailing(deps);
    expect((await runs()).length).toBe(before);
    expect(deps.events.published).toEqual([]);
  });

  test('has a form for operators, and for viewers the reason why not', async () => {
    expect(hiddenOf(await show(retrain))).toHaveProperty(formTokenField);
    const { body } = await show(retrain, { authorizer: person('viewer') });
    expect(body).toContain('Your role is viewer');
    expect(body.slice(body.indexOf('<main>'))).not.toContain('<form');
  });

  test('gives a visitor whom nobody authenticates the cookie that its form is bound to', async () => {
    const { headers } = await show(retrain, { authorizer: {} });
    expect(headers?.['set-cookie']).toMatch(/^tidemark-visit=/);
    expect((await show(retrain)).headers).not.toHaveProperty('set-cookie');
  });

  test('about retraining says what serves, what the last window said, and where the person came from', async () => {
    const { body } = await show(retrain, { query: { from: 'grafana', feature: 'depth' } });
    expect(body).toContain(`${version}, since 2026-11-21 12:00 UTC`);
    expect(body).toContain('waits up to 72 hours for a person');
    expect(body).toContain('None has been judged yet');
    expect(body).toContain('You came from Grafana about &quot;depth&quot;');
    expect(body).toContain('>seen in Grafana, feature &quot;depth&quot;: </textarea>');
    expect(body).toContain('<td>Yes.</td>');
    expect((await show(retrain, { query: { from: 'report' } })).body).toContain(
      '>seen in a report: </textarea>',
    );
  });

  test.each([
    ['10 kB', 'x'.repeat(10_240)],
    ['a script', nasty],
    ['an end of the field', '</textarea><img src=x onerror=alert(1)>'],
    ['several lines', 'depth\nctr'],
    ['an object’s own', 'constructor'],
    ['nothing', ''],
  ])('about retraining drops of a link what is neither a place nor a feature: %s', async (_, given) => {
    const bare = await show(retrain);
    const { statusCode, body } = await show(retrain, { query: { from: given, feature: given } });
    const still = (text: string) => text.replace(/value="[^"]*"/g, '');
    expect([statusCode, still(body)]).toEqual([200, still(bare.body)]);
    expect(body).not.toContain('You came from');
    await fill(retrain, { from: given, feature: given });
    const [{ input } = { input: {} }] = await runs();
    expect([(input as { from?: string }).from, Object.hasOwn(input as object, 'feature')]).toEqual([
      'console',
      false,
    ]);
  });

  test('about retraining says how long a cooldown lasts, and which run is under way', async () => {
    const until = deps.now() + 3 * 3_600_000 + 10 * 60_000 + 1;
    await deps.state.putIfAbsent(stateKeys.cooldown('small'), {
      until,
      reason: 'cooldown after a promotion',
    });
    expect((await show(retrain)).body).toContain(
      'Not without force: cooldown after a promotion, 3 h 11 min left, until 2026-11-21 15:10 UTC',
    );
    await deps.state.putIfAbsent(stateKeys.lease('small'), { execution: 'a:b', startedAt: startMs });
    expect((await show(retrain)).body).toContain('href="/dev/console/models/small/runs/a%3Ab"');
  });
});

describe('the order to retrain', () => {
  test('starts one run, with who, why and from where, and leads to its page', async () => {
    const answer = await fill(
      retrain,
      { reason: ' it drifts ' },
      { query: { from: 'grafana', feature: 'depth' } },
    );
    expect(answer.statusCode).toBe(303);
    const [run] = await runs();
    expect(answer.headers?.location).toBe(`/dev/console/models/small/runs/${encodeURIComponent(run!.id)}`);
    expect(run!.input).toMatchObject({
      model: 'small',
      trigger: 'operator',
      actor: 'ann',
      reason: 'it drifts',
      force: false,
      from: 'grafana',
      feature: 'depth',
    });
    const page = await show('/console/models/{model}/runs/{id}', { id: run!.id });
    expect(page.body).toContain('Asked for by ann, from grafana, about &quot;depth&quot;: it drifts');
    expect(page.body).toContain('http-equiv="refresh" content="5"');
  });

  test('sent twice, at once or after a crash in between, is one run; a page opened anew is another', async () => {
    const fields = { ...hiddenOf(await show(retrain)), reason: 'x' };
    const answers = await Promise.all([send(retrain, fields), send(retrain, fields)]);
    deps.clock.ms += 3_600_000;
    answers.push(await send(retrain, fields));
    expect(new Set(answers.map(({ headers }) => headers?.location)).size).toBe(1);
    expect(await runs()).toHaveLength(1);
    await fill(retrain, {});
    expect(await runs()).toHaveLength(2);
  });

  test('goes past the cooldown only where the box is ticked', async () => {
    await fill(retrain, { force: 'yes' });
    expect((await runs())[0]!.input).toMatchObject({ force: true });
  });
});

describe('no order is taken', () => {
  const rollback = '/console/models/{model}/rollback';
  const targets = ['retrain', 'pause', 'resume', 'rollback'].map((one) => `/console/models/{model}/${one}`);
  const all = [...targets, '/console/approvals/{id}'];

  async function expectUntouched(run: () => Promise<HttpResult>, status: number, text: string) {
    await addChampion();
    const id = await addApproval();
    const before = [await runs(), await readLedger(deps, 'small', { limit: 100 })];
    const answer = await run();
    expect([answer.statusCode, answer.headers?.['content-type']]).toEqual([
      status,
      'text/html; charset=utf-8',
    ]);
    expect(answer.body).toContain(text);
    expect([await runs(), await readLedger(deps, 'small', { limit: 100 })]).toEqual(before);
    expect(await readPause(deps, 'small')).toBeUndefined();
    expect((await deps.state.get(stateKeys.approval(id)))?.value).not.toHaveProperty('decision');
  }

  async function fields(more: Record<string, string | undefined> = {}): Promise<Record<string, string>> {
    const found = {
      ...hiddenOf(await show(retrain)),
      reason: 'x',
      seen: '0',
      from: 'a',
      to: 'b',
      decision: 'approve',
    };
    const kept = Object.entries({ ...found, ...more }).filter(([, value]) => value !== undefined);
    return Object.fromEntries(kept) as Record<string, string>;
  }

  test.each(all)('%s: without the token of the page', (resource) =>
    expectUntouched(
      async () => send(resource, await fields({ [formTokenField]: undefined })),
      403,
      'open the page again',
    ),
  );

  test.each(all)('%s: with the token of another session', (resource) =>
    expectUntouched(
      async () => send(resource, await fields(), { authorizer: person('operator', 's2') }),
      403,
      'open the page again',
    ),
  );

  test.each(all)('%s: from a page of another site', (resource) =>
    expectUntouched(
      async () => send(resource, await fields(), { headers: { origin: 'https://evil.example' } }),
      403,
      'evil.example',
    ),
  );

  test.each(all)('%s: of a viewer, whatever the form', (resource) =>
    expectUntouched(
      async () => send(resource, await fields(), { authorizer: person('viewer') }),
      403,
      'this takes an operator',
    ),
  );

  test.each(['', '   ', 'x'.repeat(2001)])('without a reason that the ledger can keep: %j', (reason) =>
    expectUntouched(async () => send(retrain, await fields({ reason })), 400, '1 to 2000 are expected'),
  );

  test('without the key that makes it one order', () =>
    expectUntouched(
      async () => send(retrain, await fields({ idempotency_key: '' })),
      400,
      'idempotency_key',
    ));

  test.each(targets)('%s: for an unknown model', (resource) =>
    expectUntouched(
      async () => send(resource, await fields(), { model: 'other' }),
      404,
      'no model is named &quot;other&quot;',
    ),
  );

  test('for an unknown approval, or a decision that is none', async () => {
    await expectUntouched(
      async () => send('/console/approvals/{id}', await fields(), { id: 'none' }),
      404,
      'there is no approval &quot;none&quot;',
    );
    const answer = await send('/console/approvals/{id}', await fields({ decision: 'maybe' }));
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('approve or reject')]);
  });

  test('to roll back from a champion that is another by now', async () => {
    await addChampion();
    const old = { ...hiddenOf(await show(rollback)), reason: 'x' };
    await changeChampion(deps, {
      model: 'small',
      to: version,
      expected: 'v2',
      action: 'promote',
      actor: 'b',
      reason: 'r',
    });
    await registerVersion(deps, 'small', {
      version: 'v3',
      status: 'READY',
      created_at: '',
      sha256: '',
      metrics: {},
    });
    await changeChampion(deps, {
      model: 'small',
      to: 'v3',
      expected: version,
      action: 'promote',
      actor: 'b',
      reason: 'r',
    });
    expect((await send(rollback, old)).statusCode).toBe(409);
    expect((await readPointer(deps, 'small'))?.champion).toBe('v3');
  });
});

describe('pause, resume and roll back', () => {
  test('are done once however often they are sent, and are in the ledger with who and why', async () => {
    await addChampion();
    deps.clock.ms += 1000;
    for (const one of ['pause', 'resume', 'rollback']) {
      const resource = `/console/models/{model}/${one}`;
      const fields = { ...hiddenOf(await show(resource)), reason: `to ${one}` };
      for (const _ of [1, 2]) {
        const { statusCode, headers } = await send(resource, fields);
        expect([statusCode, headers?.location]).toEqual([303, '/dev/console/models/small']);
      }
      deps.clock.ms += 1000;
    }
    const entries = await readLedger(deps, 'small', { limit: 3 });
    expect(entries.map(({ action, actor, reason }) => [action, actor, reason])).toEqual([
      ['rollback', 'ann', 'to rollback'],
      ['resume', 'ann', 'to resume'],
      ['pause', 'ann', 'to pause'],
    ]);
    expect((await readPointer(deps, 'small'))?.champion).toBe(version);
  });

  test('sent again after somebody else did the opposite undo nothing', async () => {
    const fields = { ...hiddenOf(await show('/console/models/{model}/pause')), reason: 'x' };
    await send('/console/models/{model}/pause', fields);
    await changePause(deps, 'small', { paused: false, actor: 'bob', reason: 'labels were wrong' });
    expect((await send('/console/models/{model}/pause', fields)).statusCode).toBe(409);
    expect(await readPause(deps, 'small')).toMatchObject({ paused: false, change: { actor: 'bob' } });
  });

  test('are offered where they make sense', async () => {
    const offered = async () => {
      const { body } = await show('/console/models/{model}');
      return [...body.matchAll(/small\/(retrain|pause|resume|rollback)"/g)].map(([, name]) => name);
    };
    expect(await offered()).toEqual(['retrain', 'pause']);
    await addChampion();
    await changePause(deps, 'small', { paused: true, actor: 'ann', reason: nasty });
    expect(await offered()).toEqual(['retrain', 'resume', 'rollback']);
    expect((await show('/console/models/{model}')).body).toContain(
      'paused since 2026-11-21 12:00 UTC by ann: &lt;script&gt;',
    );
    expect((await show('/console/models/{model}/pause')).body).toContain('It is paused already');
  });
});

describe('a candidate that waits', () => {
  test('is shown with both figures, the gates and the reason, and without the token that decides it', async () => {
    const id = await addApproval();
    const { body } = await show('/console/approvals/{id}', { id });
    for (const text of ['v9', version, '0.31', '0.52', 'lower by 0.2 &lt;script&gt;', 'auto_promote is off'])
      expect(body).toContain(text);
    expect(body).not.toContain('the-task-token');
  });

  test.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ])('is decided once: %s', async (decision, kind) => {
    const id = await addApproval();
    const signals: unknown[] = [];
    Object.assign(deps.pipelines, { signal: async (_: string, outcome: unknown) => signals.push(outcome) });
    const answer = await fill('/console/approvals/{id}', { decision, reason: 'looked at it' }, { id });
    expect([answer.statusCode, answer.headers?.location]).toEqual([
      303,
      '/dev/console/models/small/runs/retrain%3Arun-1',
    ]);
    expect(signals).toEqual([
      {
        ok: true,
        output: expect.objectContaining({ decision: kind, actor: 'ann', reason: 'looked at it' }),
      },
    ]);
    const after = await show('/console/approvals/{id}', { id });
    expect(after.body).toContain(`It was ${kind} by ann`);
    expect(after.body.slice(after.body.indexOf('<main>'))).not.toContain('<form');
  });

  test('is not approved by who started its run, where the policy wants a second person', async () => {
    deps = memoryDeps();
    version = await registerSmall(deps, smallRecord({ retrain: { second_person: true } }));
    const id = await addApproval('ann');
    expect((await show('/console/approvals/{id}', { id })).body).toContain('somebody else decides');
    const fields = { ...hiddenOf(await show(retrain)), reason: 'x', decision: 'approve' };
    expect((await send('/console/approvals/{id}', fields, { id })).statusCode).toBe(403);
  });
});

describe('the page of a run', () => {
  const input = { model: 'small', trigger: 'operator', actor: 'ann', reason: 'drift' };
  const shown = async (more: Partial<Execution>, status: Execution['status'] = 'SUCCEEDED') => {
    deps.pipelines.set('retrain:r', status, { input, ...more });
    return (await show('/console/models/{model}/runs/{id}', { id: 'retrain:r' })).body;
  };
  const stage = (name: string, status = 'succeeded') =>
    ({ name, status, startedAt: startMs }) as Execution['stages'][number];

  test('shows each stage as it is, and loads itself anew while the run is under way', async () => {
    const body = await shown(
      { stages: [stage('Begin'), stage('Snapshot'), stage('TrainCandidates', 'running')] },
      'RUNNING',
    );
    expect(body).toContain('http-equiv="refresh"');
    expect(body).toContain('<li class="done"><b>data</b>');
    expect(body).toContain('<li class="running"><b>training</b>');
    expect(body).toContain('<li class="waiting"><b>promoted</b>');
  });

  test('says in the words of the first step why it did not start, and stands still', async () => {
    const reason = 'cooldown after a promotion; next run not before 2026-11-22';
    const body = await shown({ stages: [stage('Begin')], output: { status: 'cooling_down', reason } });
    expect(body).toContain('The run was not started.');
    expect(body).toContain(reason);
    expect(body).not.toContain('http-equiv="refresh"');
  });

  test('says what came of it, with the gates in words', async () => {
    const gates = [
      { name: 'better_than_champion', passed: false, detail: 'not proven better than the champion' },
    ];
    await deps.state.putIfAbsent(stateKeys.run('small', startMs, 'retrain:r'), {
      execution: 'retrain:r',
      startedAt: startMs,
      endedAt: startMs,
      outcome: 'rejected',
      detail: { reason: 'not good enough', gates },
    });
    const body = await shown({ stages: [stage('Begin'), stage('Gate'), stage('ReleaseRejected')] });
    for (const text of [
      'The candidate is rejected',
      'not good enough',
      '✗ failed',
      'not proven better than the champion',
    ])
      expect(body).toContain(text);
  });

  test('leads to the decision where a candidate waits', async () => {
    const id = await addApproval();
    const record = { execution: 'retrain:run-1', startedAt: startMs, endedAt: startMs };
    await deps.state.putIfAbsent(stateKeys.run('small', startMs, 'retrain:run-1'), {
      ...record,
      outcome: 'awaiting_approval',
      detail: { reason: 'auto_promote is off' },
    });
    const { body } = await show('/console/models/{model}/runs/{id}', { id: 'retrain:run-1' });
    expect(body).toContain(`href="/dev/console/approvals/${id}"`);
    expect(body).toContain('content="60"');
  });

  test.each(['retrain:none', '../x', ''])('of %j, which is no run of the model, is 404', async (id) => {
    expect((await show('/console/models/{model}/runs/{id}', { id })).statusCode).toBe(404);
  });

  test('of another model is 404', async () => {
    expect(await shown({ input: { ...input, model: 'other' } })).toContain('has no run');
  });
});
