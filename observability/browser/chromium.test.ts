import { afterEach, expect, test, vi } from 'vitest';
import { openBrowser } from './chromium.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('without a Chromium it says which were looked for and how to get one', async () => {
  vi.stubEnv('PATH', '/nowhere');
  vi.stubEnv('CHROMIUM', '');
  await expect(openBrowser()).rejects.toThrow(/^no Chromium: none of chromium, .* apt-get install chromium$/);
});

test('of a program that is none it says that it ended', async () => {
  vi.stubEnv('CHROMIUM', '/nowhere/chromium');
  const browser = await openBrowser();
  await expect(browser.newPage()).rejects.toThrow('Target.createTarget: Chromium ended');
  await browser.close();
});
