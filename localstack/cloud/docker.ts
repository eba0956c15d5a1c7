/** The emulator and its monitoring as containers: `docker compose` on localstack/compose.yml. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from './install.ts';
import { LocalCloudError } from './local-cloud-error.ts';

export const emulators = ['ministack', 'localstack'] as const;
export type Emulator = (typeof emulators)[number];

/**
 * Arguments of `docker` for a command of compose. On Linux a second file puts what talks to our host on the host's network.
 *
 * @example composeArguments('darwin', ['down']).slice(-1) // ['down']
 */
export function composeArguments(platform: NodeJS.Platform, command: readonly string[]): string[] {
  const file = (name: string) => join(projectRoot, 'localstack', name);
  const files = [file('compose.yml'), ...(platform === 'linux' ? [file(join('compose', 'linux.yml'))] : [])];
  return ['compose', '--project-name', 'tidemark', ...files.flatMap((name) => ['--file', name]), ...command];
}

/** Everything, and waits until all of it is healthy. */
export const composeUp = (emulator: Emulator) => compose(emulator, ['up', '--detach', '--wait']);

/** Whatever is up, with what it has kept. */
export const composeDown = () => compose(emulators.join(','), ['down', '--volumes']);

async function compose(profiles: string, command: readonly string[]): Promise<void> {
  const child = spawn('docker', composeArguments(process.platform, command), {
    // the account of the caller has no business in an emulator
    env: { PATH: process.env.PATH, HOME: process.env.HOME, COMPOSE_PROFILES: profiles },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'close').catch((cause: Error) => {
    throw new LocalCloudError(
      `docker cannot be run: ${cause.message}; it is needed for --docker only, npm run local:up alone needs Python`,
      { cause },
    );
  })) as [number | null];
  if (code !== 0) throw new LocalCloudError(`docker compose ${command[0]} ended with ${code}, see above`);
}
