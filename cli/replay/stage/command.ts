/** `tidemark replay --stage`: what a deployment gave up on, source by source; what one source cannot do stops no other. */

import { type Source, type StageOptions, type StageValues, stageOptions } from './options.ts';
import type { Deployment } from './ports.ts';
import { isClean, newTally, type Tally, tallyJson, tallyText } from './tally.ts';

/** Throws {@link UsageError}, or {@link DeploymentError} when the deployment cannot be found or may not be used. */
export async function runStageReplay(values: StageValues, files: readonly string[]): Promise<number> {
  const options = stageOptions(values, files, Date.now());
  say(`looking for stage ${options.stage}${options.endpointUrl ? ` at ${options.endpointUrl}` : ''}`);
  // what a person would read of it is for whoever maintains this program
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  // after the first line: the SDK takes a while to load
  const { openDeployment } = await import('./deployment.ts');
  return await replayStage(await openDeployment(options), options);
}

/** @returns the exit code: 0 when all of it is back */
export async function replayStage(deployment: Deployment, options: StageOptions): Promise<number> {
  const { isDry, isJson, stage } = options;
  const tallies = new Map<Source, Tally>();
  for (const source of options.sources) {
    const tally = await replaySource(source, deployment, options);
    tallies.set(source, tally);
    if (!isJson) process.stdout.write(tallyText(source, tally, isDry));
  }
  if (isJson) {
    const bySource = [...tallies].map(([source, tally]) => [source.replace('-', '_'), tallyJson(tally)]);
    process.stdout.write(`${JSON.stringify({ stage, dry_run: isDry, ...Object.fromEntries(bySource) })}\n`);
  }
  return [...tallies.values()].every(isClean) ? 0 : 1;
}

async function replaySource(source: Source, deployment: Deployment, options: StageOptions): Promise<Tally> {
  const shared = { isDry: options.isDry, progress: atTimes() };
  try {
    if (source === 'spool') {
      const { replaySpoolLines } = await import('./spool.ts');
      return await replaySpoolLines(deployment, options, shared);
    }
    if (source === 'stream') {
      const { replayBatches } = await import('./batches.ts');
      return await replayBatches(deployment, shared);
    }
    const { replayDeadLetters } = await import('./dead-letters.ts');
    return await replayDeadLetters(deployment, shared);
  } catch (error) {
    const { name, message } = error as Error;
    return { ...newTally(), failed: [{ where: source, reason: `${name}: ${message}` }] };
  }
}

const quietMs = 3000;

/** A line now and then: what takes long should not be silent. */
function atTimes(): (text: string) => void {
  let lastMs = Date.now();
  return (text) => {
    if (Date.now() - lastMs < quietMs) return;
    lastMs = Date.now();
    say(text);
  };
}

/** Beside the result, which may be JSON. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
