/** The report's page in a real browser, as an alert's reader meets it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { windowReport } from '../reports/report.testing.ts';
import { renderReportHtml } from '../reports/report-html.ts';
import { type Browser, type BrowserPage, openBrowser, type View } from './chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-pages-'));
let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const pages = {
  drift: windowReport({
    ...{ shift: 1, shifted: 1, missing: 0.03, errorRate: 0.2, hasTokens: true, again: 2, importance: true },
    names: (at) =>
      at === 1 ? 'a_name_without_any_place_to_break_it_that_is_longer_than_a_phone_is_wide' : `x${at}`,
  }),
  incident: windowReport({ missing: 0.4 }),
  'too few rows': windowReport({ rows: 5 }),
};

async function opened(name: keyof typeof pages, view: View): Promise<BrowserPage> {
  const file = join(folder, `${name.replaceAll(' ', '-')}.html`);
  writeFileSync(file, renderReportHtml(pages[name]));
  const page = await browser.newPage();
  await page.look(view);
  await page.open(pathToFileURL(file).href);
  return page;
}

const openAll = `document.querySelectorAll('details').forEach((one) => { one.open = true; })`;
/** Parts that stick out to the right, but for those inside of what scrolls. */
const tooWide = `[...document.querySelectorAll('body *')]
  .filter((one) => !one.closest('.scroll, figure') && one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.tagName + ': ' + one.textContent.slice(0, 60))`;
/** Text of less than 9.5 pixels, pictures' text by the scale it is drawn at. */
const tooSmall = `[...document.querySelectorAll('p, li, th, td, dd, dt, text, summary, figcaption')]
  .filter((one) => one.getClientRects().length > 0)
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) * (one.ownerSVGElement ? one.getScreenCTM().a : 1) < 9.5)
  .map((one) => one.textContent.slice(0, 60))`;

describe.each(Object.keys(pages) as (keyof typeof pages)[])('the report of %s', (name) => {
  test.each<[string, View]>([
    ['a desktop', { width: 1280, height: 900 }],
    ['a dark desktop', { width: 1280, height: 900, scheme: 'dark' }],
    ['a phone', { width: 390, height: 844 }],
    ['a dark phone', { width: 390, height: 844, scheme: 'dark' }],
    ['paper', { width: 720, height: 1000, media: 'print' }],
  ])('on %s has no faults, fits, and can be read, all sections opened', async (_, view) => {
    const page = await opened(name, view);
    await page.evaluate(openAll);
    expect(await page.evaluate('document.querySelectorAll("details").length')).toBeGreaterThan(8);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(view.width);
    expect(await page.evaluate<string[]>(tooWide)).toEqual([]);
    expect(await page.evaluate<string[]>(tooSmall)).toEqual([]);
    expect(page.faults).toEqual([]);
    await page.close();
  });
});

test('the dark scheme is dark, and paper is white whatever the scheme', async () => {
  const ground = 'getComputedStyle(document.body).backgroundColor';
  const page = await opened('drift', { width: 1280, height: 900, scheme: 'dark' });
  expect(await page.evaluate(ground)).toBe('rgb(23, 24, 27)');
  await page.look({ width: 720, height: 1000, scheme: 'dark', media: 'print' });
  expect(await page.evaluate(ground)).toBe('rgb(255, 255, 255)');
  expect(await page.evaluate('getComputedStyle(document.querySelector("h1")).color')).toBe('rgb(30, 31, 34)');
  await page.close();
});

test('what is smuggled into the page does not run, and is told: the page forbids it', async () => {
  const file = join(folder, 'smuggled.html');
  const page = renderReportHtml(pages.incident);
  writeFileSync(
    file,
    page.replace('</main>', '<script>document.title = "run"</script><img src="http://127.0.0.1:9/x"></main>'),
  );
  const tab = await browser.newPage();
  await tab.open(pathToFileURL(file).href);
  expect(await tab.evaluate('document.title')).toMatch(/^Bad data/);
  expect(tab.faults.join('\n')).toMatch(/script/i);
  expect(tab.faults.join('\n')).toMatch(/image/i);
  await tab.close();
});
