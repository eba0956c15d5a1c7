/** A training job without SageMaker: the container's entry as a child process, its channels copied in and out. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Deps } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';

/** Of `CreateTrainingJob`, what the state machine sets and a process can honour. */
const jobSchema = z.object({
  TrainingJobName: z.string().regex(/^[a-zA-Z0-9-]{1,63}$/),
  HyperParameters: z.record(z.string(), z.string()).optional(),
  InputDataConfig: z.array(
    z.object({
      ChannelName: z.string().regex(/^[A-Za-z0-9._-]+$/),
      DataSource: z.object({ S3DataSource: z.object({ S3Uri: z.string() }) }),
    }),
  ),
  OutputDataConfig: z.object({ S3OutputPath: z.string() }),
});

/** What the state machine's file has put in for the training job: there is neither image nor role here. */
export const embeddedTraining = {
  TrainingImage: 'embedded',
  TrainingInstance: 'embedded',
  TrainingRole: 'embedded',
  TrainingBucket: 'embedded',
  TrainingKey: '',
} as const;

class TrainingJobFailed extends Error {
  override readonly name = 'SageMaker.TrainingJobFailed';
}

/**
 * Runs the job to its end and answers as `createTrainingJob.sync` does.
 *
 * @throws an error named as Step Functions names a failed job, with the container's own reason
 */
export async function runTrainingJob(
  deps: Pick<Deps, 'objects' | 'log'>,
  input: Json,
  signal: AbortSignal,
): Promise<Json> {
  const job = jobSchema.parse(input);
  const root = await mkdtemp(join(tmpdir(), 'tidemark-job-'));
  try {
    for (const { ChannelName: channel, DataSource } of job.InputDataConfig)
      await copyIn(deps, keyOf(DataSource.S3DataSource.S3Uri), join(root, 'input/data', channel));
    const config = join(root, 'input/config/hyperparameters.json');
    await mkdir(dirname(config), { recursive: true });
    await writeFile(config, JSON.stringify(job.HyperParameters ?? {}));
    await run(root, deps, signal);
    const artefacts = `${job.OutputDataConfig.S3OutputPath}/${job.TrainingJobName}/output/model`;
    for (const name of await readdir(join(root, 'model')))
      await deps.objects.put(`${keyOf(artefacts)}/${name}`, await readFile(join(root, 'model', name)));
    return { TrainingJobStatus: 'Completed', ModelArtifacts: { S3ModelArtifacts: artefacts } };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function keyOf(uri: string): string {
  return uri.replace(/^s3:\/\/[^/]+\//, '');
}

async function copyIn({ objects }: Pick<Deps, 'objects'>, prefix: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { key } of await objects.list(prefix)) {
    const bytes = await objects.get(key);
    if (bytes) await writeFile(join(folder, key.slice(prefix.length).replaceAll('/', '_')), bytes);
  }
}

async function run(root: string, { log }: Pick<Deps, 'log'>, signal: AbortSignal): Promise<void> {
  const entry = fileURLToPath(new URL('../../container/train.mjs', import.meta.url));
  const child = spawn(process.execPath, [entry, 'train'], {
    env: { ...process.env, TIDEMARK_ML_ROOT: root },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
    killSignal: 'SIGKILL',
  });
  child.stdout
    .setEncoding('utf8')
    .on('data', (text: string) => log('info', 'training job', { text: text.trim() }));
  const end = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killedBy) => resolve(killedBy ?? code));
  });
  if (end === 0) return;
  const reason = await readFile(join(root, 'output/failure'), 'utf8').catch(
    () => `the process ended with ${end}`,
  );
  throw new TrainingJobFailed(reason);
}
