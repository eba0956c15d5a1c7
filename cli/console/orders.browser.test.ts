/** Orders of the console as a person gives them, in a real browser: from the link of a dashboard to the end of the run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPause } from '#shared/registry/pause.ts';
import { type Host, startHost } from '../../localstack/embedded/host.ts';
import { type Browser, type BrowserPage, openBrowser } from '../../observability/browser/chromium.ts';
import { registerSmall, smallRecord } from '../small-model.testing.ts';

let dataDir: string;
let host: Host;
let browser: Browser;
let page: BrowserPage;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-browser-'));
  await registerSmall(dataDir, smallRecord('prices'));
  host = await startHost({ dataDir, port: 0, minuteMs: 3_600_000, env: { LOG_LEVEL: 'error' } });
  browser = await openBrowser();
  page = await browser.newPage();
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
  await rm(dataDir, { recursive: true, maxRetries: 5 });
});

/** While a page gives way to the next there is none to ask. */
async function until(expression: string): Promise<void> {
  while (!(await page.evaluate<boolean>(expression).catch(() => false)))
    await new Promise((resolve) => setTimeout(resolve, 100));
}
const main = () => page.evaluate<string>(`document.querySelector('main').innerText`);
const click = (selector: string) =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
/** As the keyboard does, after what is there. */
const type = (text: string) =>
  page.evaluate(
    `{ const field = document.querySelector('#reason'); field.focus(); field.setSelectionRange(1e6, 1e6);
      document.execCommand('insertText', false, ${JSON.stringify(text)}) }`,
  );

test('a person opens the link of a dashboard, says why, clicks, and sees the run to its end', async () => {
  await page.open(`${host.url}/console/models/prices/retrain?from=grafana&feature=width`);
  expect(await main()).toContain('You came from Grafana about "width"');
  const begun = await page.evaluate<string>(`document.querySelector('#reason').value`);
  expect(begun).toBe('seen in Grafana, feature "width": ');
  await page.evaluate(`document.querySelector('#reason').value = ''`);
  await click('button.main');
  // the browser itself wants a reason
  expect(await page.evaluate(`document.querySelector('#reason').matches(':invalid')`)).toBe(true);
  expect(await host.deps.pipelines.list('retrain')).toEqual([]);
  await type(`${begun}the panel is red`);
  await click('button.main');
  await until(`location.pathname.startsWith('/console/models/prices/runs/')`);
  // no script: the page's own refresh brings the end
  await until(`document.body.innerText.includes('too few labelled rows')`);
  expect(await main()).toContain(
    'from grafana, about "width": seen in Grafana, feature "width": the panel is red',
  );
  expect(await host.deps.pipelines.list('retrain')).toHaveLength(1);
  expect(page.faults).toEqual([]);
});

test('a person pauses and resumes batches from the page of the model', async () => {
  const turn = async (name: string) => {
    await page.open(`${host.url}/console/models/prices`);
    await click(`a[href$="/${name}"]`);
    await until(`document.querySelector('#reason') !== null`);
    await type('odd labels');
    await click('button.main');
    await until(`document.querySelector('h1').innerText === 'prices'`);
  };
  await turn('pause');
  expect(await main()).toContain('Batch predictions are paused since');
  await turn('resume');
  expect(await main()).not.toContain('paused since');
  expect((await readPause(host.deps, 'prices'))?.paused).toBe(false);
  expect(page.faults).toEqual([]);
});

test.each([1280, 390])('%d pixels wide, no page of an order is wider than the window', async (width) => {
  await page.look({ width, height: 900 });
  for (const path of [
    '',
    '/retrain?from=grafana&feature=a_very_long_name_of_a_feature_without_breaks',
    '/pause',
  ]) {
    await page.open(`${host.url}/console/models/prices${path}`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  }
});
