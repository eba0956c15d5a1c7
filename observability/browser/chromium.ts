/** A headless Chromium for the tests of pages and for their pictures, spoken to over a pipe: no port, no package. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const CALL_MS = 30_000;
const SETTLE_MS = 150;

export interface View {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly scheme?: 'light' | 'dark';
  readonly media?: 'screen' | 'print';
}

/** One tab. */
export interface BrowserPage {
  /** What the page logged as an error, threw, or was forbidden to load. */
  readonly faults: readonly string[];
  /** Goes there and waits until all is loaded. */
  open(url: string): Promise<void>;
  look(view: View): Promise<void>;
  /** The value of an expression, by JSON. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** A PNG of the view, or of the page down to `height`. */
  screenshot(height?: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface Browser {
  newPage(): Promise<BrowserPage>;
  close(): Promise<void>;
}

class NoBrowserError extends Error {
  override readonly name = 'NoBrowserError';
}

/**
 * Starts the Chromium on the PATH, or the one that `CHROMIUM` names, in a profile of its own that `close` removes.
 *
 * @throws {NoBrowserError} where there is none, with how to get it
 * @example
 * const browser = await openBrowser();
 * const page = await browser.newPage();
 * await page.open('data:text/html,<title>a</title>');
 * await page.evaluate('document.title'); // 'a'
 */
export async function openBrowser(): Promise<Browser> {
  const command = program();
  const profile = mkdtempSync(join(tmpdir(), 'tidemark-chromium-'));
  const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run'];
  const child = spawn(command, [...args, `--user-data-dir=${profile}`, '--remote-debugging-pipe'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const pipe = connect(child, exited);
  return {
    newPage: () => newPage(pipe),
    async close() {
      await pipe.call('Browser.close').catch(() => child.kill('SIGKILL'));
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function program(): string {
  const named = process.env.CHROMIUM;
  if (named) return named;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (!found)
    throw new NoBrowserError(
      `no Chromium: none of ${names.join(', ')} is on the PATH and CHROMIUM is not set; on Debian apt-get install chromium`,
    );
  return found;
}

type Params = Readonly<Record<string, unknown>>;
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly sessionId?: string;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

interface Pipe {
  call(method: string, params?: Params, sessionId?: string): Promise<Params>;
  onEvent(listen: (message: Message) => void): void;
}

/** The DevTools protocol: JSON messages, each ended by a zero byte. */
function connect(child: ChildProcess, exited: Promise<void>): Pipe {
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, (message: Message) => void>();
  const listeners: ((message: Message) => void)[] = [];
  let [last, rest] = [0, Buffer.alloc(0)];
  input.on('error', () => {});
  output.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.subarray(0, end).toString('utf8')) as Message;
      rest = rest.subarray(end + 1);
      if (message.id === undefined) for (const listen of listeners) listen(message);
      else waiting.get(message.id)?.(message);
    }
  });
  const gone = exited.then((): Message => ({ error: { message: 'Chromium ended' } }));
  return {
    onEvent: (listen) => listeners.push(listen),
    async call(method, params = {}, sessionId) {
      const id = ++last;
      const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
      input.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
      const { result = {}, error } = await Promise.race([answer, gone, late(method)]);
      waiting.delete(id);
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    },
  };
}

function late(method: string): Promise<Message> {
  return new Promise((resolve) => {
    const message = `${method} was not answered within ${CALL_MS} ms`;
    setTimeout(() => resolve({ error: { message } }), CALL_MS).unref();
  });
}

async function newPage(pipe: Pipe): Promise<BrowserPage> {
  const { targetId } = await pipe.call('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await pipe.call('Target.attachToTarget', { targetId, flatten: true });
  const call = (method: string, params?: Params) => pipe.call(method, params, sessionId as string);
  const faults: string[] = [];
  let loaded = () => {};
  pipe.onEvent(({ method, params, sessionId: of }) => {
    if (of !== sessionId) return;
    if (method === 'Page.loadEventFired') loaded();
    const fault = faultOf(method, params);
    if (fault !== undefined) faults.push(fault);
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
  return {
    faults,
    async open(url) {
      const done = new Promise<void>((resolve) => {
        loaded = resolve;
      });
      const { errorText } = await call('Page.navigate', { url });
      if (errorText !== undefined) throw new Error(`${url}: ${String(errorText)}`);
      await done;
    },
    async look({ width, height, scheme = 'light', media = 'screen' }) {
      await call('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
      await call('Emulation.setEmulatedMedia', {
        media,
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    },
    async evaluate<Value>(expression: string) {
      const { result, exceptionDetails } = await call('Runtime.evaluate', {
        expression,
        returnByValue: true,
      });
      if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
      return (result as { value: Value }).value;
    },
    async screenshot(height) {
      const { cssContentSize } = await call('Page.getLayoutMetrics');
      const { width, height: full } = cssContentSize as { width: number; height: number };
      const clip = { x: 0, y: 0, width, height: Math.min(height ?? full, full), scale: 1 };
      const { data } = await call('Page.captureScreenshot', { captureBeyondViewport: true, clip });
      return Buffer.from(data as string, 'base64');
    },
    async close() {
      await pipe.call('Target.closeTarget', { targetId });
    },
  };
}

function faultOf(method: string | undefined, params: Params = {}): string | undefined {
  if (method === 'Runtime.exceptionThrown') return JSON.stringify(params.exceptionDetails);
  if (method === 'Runtime.consoleAPICalled' && params.type === 'error') return JSON.stringify(params.args);
  if (method !== 'Log.entryAdded') return undefined;
  const { level, text } = params.entry as { level: string; text: string };
  return level === 'error' ? text : undefined;
}
