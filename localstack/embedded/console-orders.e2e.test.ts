import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stateKeys } from '#shared/registry/keys.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import { registerSmall, smallRecord, smallRows } from '../../cli/small-model.testing.ts';
import { type Host, startHost } from './host.ts';

let dataDir: string;
let host: Host;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-orders-'));
  for (const name of ['prices', 'sizes']) await registerSmall(dataDir, smallRecord(name));
  host = await startHost({ dataDir, port: 0, minuteMs: 3_600_000, env: { LOG_LEVEL: 'error' } });
});
afterAll(async () => {
  await host.close();
  await rm(dataDir, { recursive: true, maxRetries: 5 });
});

/** A browser: it keeps cookies and says which page a form is from. */
function browser() {
  const jar = new Map<string, string>();
  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...init.headers };
    const answer = await fetch(new URL(path, host.url), { ...init, headers, redirect: 'manual' });
    for (const set of answer.headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return answer;
  }
  const open = async (path: string) => (await request(path)).text();
  /** The page's form, filled in: where it goes and what it says. */
  async function form(path: string, fields: Record<string, string>) {
    const page = await open(path);
    const main = page.slice(page.indexOf('<main>'));
    const hidden = main.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g);
    const all = { ...Object.fromEntries([...hidden].map(([, name, value]) => [name!, value!])), ...fields };
    return { action: /<form method="post" action="([^"]+)"/.exec(main)?.[1] ?? '', all };
  }
  const post = ({ action, all }: Awaited<ReturnType<typeof form>>, origin = host.url) =>
    request(action, { method: 'POST', body: new URLSearchParams(all), headers: { origin } });
  return { open, form, post };
}

async function ended(open: (path: string) => Promise<string>, path: string): Promise<string> {
  for (;;) {
    const page = await open(path);
    if (!page.includes('http-equiv="refresh"')) return page;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('the console of the embedded host, in a browser that keeps cookies', () => {
  test('starts one run from a link, however often the form is sent, and shows it to its end', async () => {
    const { open, form, post } = browser();
    const order = await form('/console/models/prices/retrain?from=grafana&feature=width', {
      reason: 'the panel is red',
    });
    expect(await host.deps.pipelines.list('retrain')).toEqual([]);
    const answers = await Promise.all([post(order), post(order)]);
    answers.push(await post(order));
    const places = answers.map(({ status, headers }) => [status, headers.get('location')]);
    expect(new Set(places.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(await host.deps.pipelines.list('retrain')).toHaveLength(1);
    const page = await ended(open, String(places[0]![1]));
    expect(page).toContain('Asked for by operator, from grafana, about &quot;width&quot;: the panel is red');
    expect(page).toContain('There were too few labelled rows to learn from');
    const entries = await readLedger(host.deps, 'prices', { limit: 10 });
    expect(entries.find(({ action, actor }) => action === 'retrain' && actor === 'operator')).toMatchObject({
      reason: 'the panel is red',
      detail: { trigger: 'operator', from: 'grafana', feature: 'width' },
    });
  });

  test('says in words that a cooldown refused a run, unless it is forced', async () => {
    const { open, form, post } = browser();
    const until = Date.now() + 3_600_000;
    await host.deps.state.putIfAbsent(stateKeys.cooldown('sizes'), {
      until,
      reason: 'cooldown after a promotion',
    });
    const start = async (fields: Record<string, string>) => {
      const answer = await post(await form('/console/models/sizes/retrain', { reason: 'x', ...fields }));
      return ended(open, answer.headers.get('location')!);
    };
    const refused = await start({});
    expect(refused).toContain('The run was not started.');
    expect(refused).toContain('cooldown after a promotion; next run not before');
    expect(await start({ force: 'yes' })).toContain('There were too few labelled rows');
  });

  test('takes no form of another site, of another visitor, or without its token', async () => {
    const mine = browser();
    const form = await mine.form('/console/models/prices/retrain', { reason: 'x' });
    const before = (await host.deps.pipelines.list('retrain')).length;
    expect((await mine.post(form, 'https://evil.example')).status).toBe(403);
    expect((await browser().post(form)).status).toBe(403);
    expect((await mine.post({ ...form, all: { reason: 'x', idempotency_key: 'k' } })).status).toBe(403);
    expect((await host.deps.pipelines.list('retrain')).length).toBe(before);
  });

  test('pauses batches at once and resumes them', async () => {
    const { form, post } = browser();
    const instances = [{ features: smallRows(1, 3)[0]!.features }];
    const batch = () =>
      fetch(`${host.url}/models/prices/predict/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ instances }),
      });
    expect((await batch()).status).toBe(200);
    expect((await post(await form('/console/models/prices/pause', { reason: 'odd labels' }))).status).toBe(
      303,
    );
    const refused = await batch();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '300']);
    expect(await refused.text()).toContain('odd labels');
    expect((await post(await form('/console/models/prices/resume', { reason: 'fixed' }))).status).toBe(303);
    expect((await batch()).status).toBe(200);
  });
});
