/** `cdk bootstrap` and `cdk deploy` of the real app in stage local, against an emulator on this computer. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Endpoints, type Outputs, readEndpoints } from './endpoints.ts';
import { projectRoot } from './install.ts';
import { LocalCloudError } from './local-cloud-error.ts';
import { killGroup } from './process-group.ts';

export const account = '000000000000';
export const region = 'us-east-1';

/** A custom resource that fails would otherwise keep the deployment for an hour. */
const timeoutMs = 180_000;

/**
 * Nothing of the caller's AWS set-up gets through: whatever is configured on this computer, the deployment goes to `url`. An
 * address, not a name: then the SDK puts a bucket's name into the path, as `<bucket>.localhost` is resolved nowhere.
 */
function cloudEnvironment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

/** To a fresh instance only: MiniStack answers a failed update by deleting the stack's resources. */
export async function deployLocal(url: string): Promise<Endpoints> {
  assertLoopback(url);
  // of its own: two deployments at a time must not share one
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-cdk-'));
  try {
    const app = join(folder, 'app');
    const outputs = join(folder, 'outputs.json');
    await Promise.all([
      // away from cdk.json, so that it does not synthesise the app just to make a bucket
      cdk(url, folder, ['bootstrap', `aws://${account}/${region}`]),
      cdk(url, projectRoot, ['synth', '--all', '--quiet', '--context', 'stage=local', '--output', app]),
    ]);
    const deploy = ['deploy', '--all', '--app', app, '--require-approval', 'never', '--concurrency', '4'];
    await cdk(url, projectRoot, [...deploy, '--outputs-file', outputs]);
    return readEndpoints(url, JSON.parse(await readFile(outputs, 'utf8')) as Outputs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function assertLoopback(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:' || hostname !== '127.0.0.1')
    throw new LocalCloudError(`${url} is not an emulator on this computer: http://127.0.0.1:PORT is allowed`);
}

async function cdk(url: string, cwd: string, args: readonly string[]): Promise<void> {
  const program = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program, ...args, '--ci', '--progress', 'events'], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, NODE_NO_WARNINGS: '1', CDK_DISABLE_CLI_TELEMETRY: '1', ...cloudEnvironment(url) },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `exit ${code ?? signal}`));
  });
  const kill = () => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  const timer = setTimeout(kill, timeoutMs);
  process.once('exit', kill);
  const failure = await ended;
  clearTimeout(timer);
  process.off('exit', kill);
  if (failure !== undefined)
    throw new LocalCloudError(`cdk ${args.slice(0, 2).join(' ')} failed: ${failure}\n${said.slice(-6000)}`);
}
