/** Fifth step: the best candidate by inner validation, held to its trainer by onnxruntime, becomes an immutable version. */
import { deserialize } from 'node:v8';
import type { Deps } from '#shared/deps.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { OnnxModelError } from '#shared/onnx/session.ts';
import { ArtefactError, writeArtefacts } from '#shared/registry/artefacts.ts';
import { readBaseline } from '#shared/registry/baseline.ts';
import { shortHash } from '#shared/registry/keys.ts';
import { registerVersion, resolveModel } from '#shared/registry/registry.ts';
import { buildVersion, type VersionBuild, type VersionInput } from '#shared/retrain/build-version.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';
import { type TrainedRecord, trainedRecordSchema } from '#shared/retrain/trained-candidate.ts';
import type { TrainedModel } from '#shared/retrain/trainers.ts';
import { versionName } from '#shared/retrain/version-name.ts';

type TriedCandidate =
  /** With the key its files begin with. */
  | (TrainedRecord & { readonly folder: string })
  | { readonly candidate: string; readonly status: 'failed'; readonly reason: string };

export interface ParityEvent {
  readonly execution: string;
  readonly model: string;
  readonly snapshot: {
    readonly recent: string;
    readonly baseline: string;
    readonly holdout: string;
    readonly holdout_through: number;
    readonly change_point: number;
    readonly champion: string;
  };
  /** Of a training job: where its files are, `s3://bucket/key`. */
  readonly candidates: readonly TriedCandidate[] | { readonly artefacts: string };
}

export function createParityHandler(deps: Deps) {
  return async ({ execution, model: name, snapshot, candidates }: ParityEvent) => {
    const record = await resolveModel(deps, name);
    const tried = 'artefacts' in candidates ? [await readJob(deps, candidates.artefacts)] : candidates;
    const best = bestOf(tried);
    if (!best) return { status: 'failed', reason: tried.map(failureOf).join('; ') };
    const [recent, holdout, baseline] = await Promise.all([
      readLabelled(deps, snapshot.recent),
      readLabelled(deps, snapshot.holdout),
      best.candidate === 'recent' ? [] : readLabelled(deps, snapshot.baseline),
    ]);
    const version = versionName(snapshot.holdout_through, shortHash(execution));
    const build = await tryBuild({
      record,
      version,
      model: deserialize(await mustRead(deps, `${best.folder}trainer.bin`)) as TrainedModel,
      onnx: await mustRead(deps, `${best.folder}model.onnx`),
      training: [...baseline, ...recent],
      holdout,
      expected: [...recent, ...holdout],
      inherited: await designEffectsOf(deps, record.name, snapshot.champion),
      trainer: {
        kind: best.trainer,
        candidate: best.candidate,
        rows: best.rows,
        rounds: best.rounds,
        settings: JSON.stringify(best.settings),
      },
      snapshot: {
        change_point: new Date(snapshot.change_point).toISOString(),
        recent_rows: recent.length,
        baseline_rows: baseline.length,
        holdout_rows: holdout.length,
        execution,
      },
      now: deps.now(),
    });
    if (!build.passed) return { status: 'failed', reason: build.reason };
    await writeArtefacts(deps, build.manifest, build.files);
    await registerVersion(deps, record.name, {
      version,
      status: 'READY',
      created_at: build.manifest.created_at,
      sha256: build.manifest.sha256,
      metrics: build.manifest.metrics,
      run: execution,
    });
    return { status: 'passed', version, candidate: best.candidate, rows: build.parity.rows };
  };
}

/** A file that onnxruntime does not load, or whose inputs are not the schema's, fails the run with its reason. */
async function tryBuild(input: VersionInput): Promise<VersionBuild> {
  try {
    return await buildVersion(input);
  } catch (error) {
    if (error instanceof OnnxModelError) return { passed: false, reason: error.message };
    throw error;
  }
}

/** None of a champion whose files cannot be read: a new version is the way out of that. */
async function designEffectsOf(
  deps: Deps,
  model: string,
  champion: string,
): Promise<ReadonlyMap<string, number>> {
  try {
    return (await readBaseline(deps, model, champion)).designEffects;
  } catch (error) {
    if (error instanceof ArtefactError) return new Map();
    throw error;
  }
}

/** What a training job left: its record is in `metrics.json`. */
async function readJob(deps: Deps, artefacts: string): Promise<TrainedRecord & { readonly folder: string }> {
  const folder = `${artefacts.replace(/^s3:\/\/[^/]+\//, '').replace(/\/$/, '')}/`;
  const record: unknown = JSON.parse(
    Buffer.from(await mustRead(deps, `${folder}metrics.json`)).toString('utf8'),
  );
  return { ...trainedRecordSchema.parse(record), folder };
}

function failureOf(one: TriedCandidate): string {
  return `${one.candidate}: ${one.status === 'failed' ? one.reason : 'trained'}`;
}

function bestOf(
  candidates: readonly TriedCandidate[],
): Extract<TriedCandidate, { status: 'trained' }> | undefined {
  const trained = candidates.filter((one) => one.status === 'trained');
  return trained.toSorted((one, other) => one.validation_loss - other.validation_loss)[0];
}

async function mustRead(deps: Deps, key: string): Promise<Uint8Array> {
  const bytes = await deps.objects.get(key);
  if (!bytes) throw new InvalidDataError(`the file ${key} is missing`);
  return bytes;
}
