/** `npm run local:up | local:deploy | local:down`: a local cloud to keep and look around in. */
import { deployLocal } from './deploy.ts';
import { endInstance, findInstance } from './instances.ts';
import { LocalCloudError } from './local-cloud-error.ts';
import { resetMiniStack, runFolder, startMiniStack } from './ministack.ts';

const port = 4566;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function up(): Promise<void> {
  const found = findInstance(runFolder(port));
  if (found) return say(`the local cloud runs at ${found.url} already`);
  const { url, logFile } = await startMiniStack({ port, detached: true });
  say(`the local cloud runs at ${url}, its log is ${logFile}; next: npm run local:deploy`);
}

async function deploy(): Promise<void> {
  const found = findInstance(runFolder(port));
  if (!found) throw new LocalCloudError('no local cloud is running; start it with npm run local:up');
  // a second deployment would be an update, which the emulator cannot undo
  await resetMiniStack(found.url);
  const { api } = await deployLocal(found.url);
  say(`the API is ${api}`);
  say('not in a local cloud: keys, validators, throttles and IAM are not enforced; see docs/local-cloud.md');
  say(`try: npx tidemark models list --url ${api}`);
}

async function down(): Promise<void> {
  const found = findInstance(runFolder(port));
  if (!found) return say('no local cloud is running');
  await endInstance(found);
  say('the local cloud is stopped; it kept nothing');
}

const commands = { up, deploy, down } as const;
const [word = ''] = process.argv.slice(2);
const command = Object.entries(commands).find(([name]) => name === word)?.[1];
try {
  if (!command) throw new LocalCloudError(`unknown command "${word}": want up, deploy or down`);
  await command();
} catch (error) {
  if (!(error instanceof LocalCloudError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
