/** `npm run local:up | local:deploy | local:demo | local:down`: a local cloud to keep and look around in. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { call } from './api.ts';
import { failuresOf, tellStory } from './demo.ts';
import { deployLocal } from './deploy.ts';
import { composeDown, composeUp, type Emulator, emulators } from './docker.ts';
import type { Endpoints } from './endpoints.ts';
import { endInstance, findInstance } from './instances.ts';
import { leftOut } from './left-out.ts';
import { LocalCloudError } from './local-cloud-error.ts';
import { emulatorAt, resetMiniStack, runFolder, startMiniStack } from './ministack.ts';

const port = 4566;
const url = `http://127.0.0.1:${port}`;
const folder = runFolder(port);
/** Written by a deployment, read by the demo; the folder goes with the instance. */
const endpointsFile = join(folder, 'endpoints.json');

const options = {
  docker: { type: 'boolean', default: false },
  emulator: { type: 'string', default: emulators[0] },
  json: { type: 'boolean', default: false },
} as const;
type Options = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function up({ docker, emulator }: Options): Promise<void> {
  const wanted = emulatorNamed(emulator);
  const found = await emulatorAt(url);
  if (found) return say(`the local cloud runs at ${url} already (${found})`);
  if (!docker) {
    if (wanted !== 'ministack') throw new LocalCloudError(`--emulator ${wanted} needs --docker`);
    const { logFile } = await startMiniStack({ port, detached: true });
    return say(`the local cloud runs at ${url}, its log is ${logFile}; next: npm run local:deploy`);
  }
  await composeUp(wanted);
  say(`the local cloud (${wanted}) runs at ${url}; next: npm run local:deploy`);
  say('Grafana http://127.0.0.1:3000, Prometheus http://127.0.0.1:9090, Alertmanager http://127.0.0.1:9093;');
  say('they look at the host of npm start on 127.0.0.1:8000');
}

function emulatorNamed(word: string): Emulator {
  const found = emulators.find((name) => name === word);
  if (!found) throw new LocalCloudError(`--emulator ${word} is not allowed: want ${emulators.join(' or ')}`);
  return found;
}

async function runningEmulator(): Promise<Emulator> {
  const found = await emulatorAt(url);
  if (!found)
    throw new LocalCloudError(
      `no local cloud answers at ${url}; start it with npm run local:up (Python), or npm run local:up -- --docker`,
    );
  return found;
}

async function deploy(): Promise<void> {
  // a second deployment would be an update, which MiniStack cannot undo
  if ((await runningEmulator()) === 'ministack') await resetMiniStack(url);
  rmSync(endpointsFile, { force: true });
  const endpoints = await deployLocal(url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(endpointsFile, JSON.stringify(endpoints));
  say(`the API is ${endpoints.api}`);
  say('left out of a local cloud:');
  for (const { what, heldBy } of leftOut) say(`  ${what} — ${heldBy}`);
  say(`next: npm run local:demo, or npx tidemark models list --url ${endpoints.api}`);
}

async function demo({ json }: Options): Promise<void> {
  await runningEmulator();
  if (!existsSync(endpointsFile))
    throw new LocalCloudError('nothing is deployed in the local cloud yet: npm run local:deploy');
  const endpoints = JSON.parse(readFileSync(endpointsFile, 'utf8')) as Endpoints;
  const { models } = await call<{ models: readonly unknown[] }>(`${endpoints.api}/models`);
  if (models.length > 0)
    throw new LocalCloudError(
      'the deployment has models already, and the story begins with none: npm run local:deploy',
    );
  const startedAt = Date.now();
  const narration = json ? process.stderr : process.stdout;
  const tell = (text: string) =>
    narration.write(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
  const result = await tellStory(endpoints, tell);
  const failures = failuresOf(result);
  for (const failure of failures) tell(`NOT SO: ${failure}`);
  if (failures.length === 0)
    tell(`the demo held what it claims: ${Math.round(100 * result.recovery)} % of the damage undone`);
  if (json) say(JSON.stringify(result));
  if (failures.length > 0) process.exitCode = 1;
}

async function down({ docker }: Options): Promise<void> {
  const found = findInstance(folder);
  if (found) await endInstance(found);
  else if (docker || (await emulatorAt(url))) await composeDown();
  else return say('no local cloud is running');
  rmSync(endpointsFile, { force: true });
  say('the local cloud is stopped; it kept nothing');
}

const commands = { up, deploy, demo, down } as const;

function given(): { readonly run: (options: Options) => Promise<void>; readonly values: Options } {
  const [word = '', ...args] = process.argv.slice(2);
  const run = Object.entries(commands).find(([name]) => name === word)?.[1];
  if (!run) throw new LocalCloudError(`unknown command "${word}": want ${Object.keys(commands).join(', ')}`);
  try {
    return { run, values: parseArgs({ args, options, strict: true }).values };
  } catch (cause) {
    throw new LocalCloudError((cause as Error).message, { cause });
  }
}

try {
  const { run, values } = given();
  await run(values);
} catch (error) {
  if (!(error instanceof LocalCloudError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
