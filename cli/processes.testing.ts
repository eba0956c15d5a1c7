/** The `tidemark` command as processes of a test: run to its end, or a host that is asked, stopped and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./tidemark.mjs', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runTidemark(
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const stdout = textOf(child.stdout);
  const stderr = textOf(child.stderr);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

export interface HostChild {
  readonly url: string;
  /** Sends the signal and answers how the process ended. */
  end(
    signal: NodeJS.Signals,
  ): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

const running = new Set<ChildProcess>();

/** `tidemark start` on a data directory that has its models. */
export async function startHostChild(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<HostChild> {
  const args = ['start', '--data-dir', dataDir, '--port', '0', '--no-sample', '--no-traffic'];
  args.push('--granule-ms', '500', '--minute-ms', '250', '--json');
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LOG_LEVEL: 'warn', ...env },
  });
  running.add(child);
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text as string),
    ended.then(({ code, signal }) => {
      throw new Error(`the host ended before it was ready (${signal ?? `exit ${code}`})`);
    }),
  ]);
  return {
    url: (JSON.parse(line) as { url: string }).url,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Whatever a failed test left running. */
export function killHostChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}
