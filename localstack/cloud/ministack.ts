/** MiniStack as a process of ours: on loopback only, with nothing of the caller's environment, stopped with all it started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, emulators } from './docker.ts';
import { cloudFolder, installMiniStack, projectRoot } from './install.ts';
import { endInstance, noteInstance, sweepInstances } from './instances.ts';
import { LocalCloudError } from './local-cloud-error.ts';
import { killGroup } from './process-group.ts';

const startTimeoutMs = 30_000;

export interface MiniStack {
  /** `http://127.0.0.1:<port>`: what `AWS_ENDPOINT_URL` is to be. */
  readonly url: string;
  readonly logFile: string;
  /** Ends the whole group, at the latest after three seconds by SIGKILL. */
  stop(): Promise<void>;
}

/**
 * Starts an empty instance and waits until it answers.
 *
 * @param port 0: one that is free
 * @param detached it outlives this process; without, it is killed when this process exits
 */
export async function startMiniStack({
  port = 0,
  detached = false,
}: {
  readonly port?: number;
  readonly detached?: boolean;
} = {}): Promise<MiniStack> {
  const program = await installMiniStack();
  const at = await freePort(port);
  const url = `http://127.0.0.1:${at}`;
  const folder = runFolder(at);
  await sweepInstances(cloudFolder);
  mkdirSync(folder, { recursive: true });
  // outside the project: its package.json would make ES modules of the CommonJS workers that are unpacked there
  const unpacked = mkdtempSync(join(tmpdir(), 'tidemark-cloud-'));
  const logFile = join(folder, 'ministack.log');
  const log = openSync(logFile, 'w');
  // a group of its own: its functions are children that a signal to the server alone leaves behind
  const child = spawn(program, [], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
    env: environment(at, folder, unpacked),
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new LocalCloudError(`${program} cannot be started`);
  const instance = { url, pid, owner: detached ? null : process.pid, unpacked };
  noteInstance(folder, instance);
  const kill = () => killGroup(pid);
  if (detached) child.unref();
  else process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    await endInstance(instance);
  };
  try {
    await answering(url, child, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, logFile, stop };
}

/** Where the instance at a port has its log and what is known of it. */
export const runFolder = (port: number) => join(cloudFolder, `run-${port}`);

/**
 * Only what it needs: functions inherit its environment, and this process may hold credentials. They find Node on PATH and what
 * a bundle leaves out on NODE_PATH.
 */
function environment(port: number, folder: string, unpacked: string): NodeJS.ProcessEnv {
  const { PATH, LANG } = process.env;
  return {
    PATH,
    ...(LANG === undefined ? {} : { LANG }),
    HOME: folder,
    TMPDIR: unpacked,
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    SFTP_ENABLED: '0',
    IOT_MTLS_ENABLED: '0',
    LAMBDA_EXECUTOR: 'local',
    NODE_PATH: join(projectRoot, 'node_modules'),
    NODE_NO_WARNINGS: '1',
  };
}

/** Throws a {@link LocalCloudError} when the port is taken. */
async function freePort(port: number): Promise<number> {
  const server = createServer();
  return await new Promise<number>((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(
        new LocalCloudError(
          `port ${port} of 127.0.0.1 cannot be used: ${message}; is a local cloud running (npm run local:down)`,
        ),
      ),
    );
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}

async function answering(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const end = Date.now() + startTimeoutMs;
  let exit: string | undefined;
  child.once('error', (error) => {
    exit = error.message;
  });
  child.once('exit', (code, signal) => {
    exit = `it ended with ${code ?? signal}`;
  });
  while (!(await isAnswering(url))) {
    if (exit !== undefined || Date.now() > end)
      throw new LocalCloudError(
        `ministack does not answer at ${url}: ${exit ?? `not within ${startTimeoutMs / 1000} s`}\n${readFileSync(logFile, 'utf8').slice(-2000)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether a MiniStack listens there; anything else, or nothing, is not one. */
const isAnswering = async (url: string): Promise<boolean> => (await emulatorAt(url)) === 'ministack';

/** Which emulator answers there, whoever started it; undefined when none does. */
export async function emulatorAt(url: string): Promise<Emulator | undefined> {
  for (const emulator of emulators) {
    const health = fetch(`${url}/_${emulator}/health`, { signal: AbortSignal.timeout(2000) });
    if ((await health.catch(() => undefined))?.ok) return emulator;
  }
  return undefined;
}

/** As if it had just been started: nothing that was deployed or stored is there any more. */
export async function resetMiniStack(url: string): Promise<void> {
  const response = await fetch(`${url}/_ministack/reset`, { method: 'POST' });
  if (!response.ok) throw new LocalCloudError(`${response.status} from ${url}: it cannot be reset`);
}
