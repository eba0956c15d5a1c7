/** The demo's host: `tidemark start` as a process of its own, so that the demo shares nothing with it but HTTP and the data folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface HostProcess {
  readonly url: string;
  /** Largest resident memory so far, megabytes; undefined where the system does not tell. */
  peakMemoryMb(): number | undefined;
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
/** Of a host that only does what it is asked to, and says in JSON where it is. */
const quietHost = '--port 0 --no-sample --no-traffic --no-prometheus --json'.split(' ');

/** Throws with what the host said when it does not come up. */
export async function startHostProcess(
  dataDir: string,
  settings: { readonly granuleMs: number; readonly minuteMs: number },
): Promise<HostProcess> {
  const script = fileURLToPath(new URL('../tidemark.mjs', import.meta.url));
  const clocks = ['--granule-ms', String(settings.granuleMs), '--minute-ms', String(settings.minuteMs)];
  const args = ['start', '--data-dir', dataDir, ...quietHost, ...clocks];
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { LOG_LEVEL: 'warn', ...process.env, POINTER_TTL_MS: '500', GRANULE_MS: String(settings.granuleMs) },
  });
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  const url = await readUrl(child);
  return {
    url,
    peakMemoryMb: () => peakMemory(child.pid),
    async stop() {
      process.off('exit', killChild);
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the host did not come up within ${startTimeoutMs / 1000} s`));
    }, startTimeoutMs);
    child.once('exit', (code) => reject(new Error(`the host ended at once (exit ${code})`)));
    createInterface({ input: child.stdout! }).once('line', (line) => {
      clearTimeout(timer);
      resolve((JSON.parse(line) as { url: string }).url);
    });
  });
}

function peakMemory(pid: number | undefined): number | undefined {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Math.round(Number(match[1]) / 1024) : undefined;
  } catch {
    return undefined;
  }
}
