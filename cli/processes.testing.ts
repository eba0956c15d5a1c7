/** The `tidemark` command as processes of a test: run to its end, or a host that is asked, stopped and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./tidemark.mjs', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runTidemark(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
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
  /** What it has printed. */
  said(): string;
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
  more: readonly string[] = ['--port', '0'],
): Promise<HostChild> {
  const args = ['start', '--data-dir', dataDir, '--no-sample', '--no-traffic', ...more];
  args.push('--granule-ms', '500', '--minute-ms', '250');
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LOG_LEVEL: 'warn', TIDEMARK_PROMETHEUS: 'off', ...env },
  });
  running.add(child);
  const said = textOf(child.stdout);
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const match = /listening on (\S+)/.exec(said());
      if (match) resolve(match[1]!);
    });
    ended.then(({ code, signal }) =>
      reject(new Error(`the host ended before it was ready (${signal ?? `exit ${code}`})`)),
    );
  });
  return {
    url,
    said,
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
