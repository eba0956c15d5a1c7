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
import { versionName } from '#shared/retrain/version-name.ts';
import type { GbdtModel } from '#shared/training/gbdt.ts';

interface TrainedCandidate {
  readonly candidate: string;
  readonly status: 'trained' | 'failed';
  readonly reason?: string;
  readonly rows: number;
  readonly rounds: number;
  readonly validation_loss: number;
  readonly onnx: string;
  readonly gbdt: string;
}

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
  readonly candidates: readonly TrainedCandidate[];
}

export function createParityHandler(deps: Deps) {
  return async ({ execution, model: name, snapshot, candidates }: ParityEvent) => {
    const record = await resolveModel(deps, name);
    const best = bestOf(candidates);
    if (!best)
      return {
        status: 'failed',
        reason: candidates.map((one) => `${one.candidate}: ${one.reason}`).join('; '),
      };
    const [recent, holdout, baseline] = await Promise.all([
      readLabelled(deps, snapshot.recent),
      readLabelled(deps, snapshot.holdout),
      best.candidate === 'recent' ? [] : readLabelled(deps, snapshot.baseline),
    ]);
    const version = versionName(snapshot.holdout_through, shortHash(execution));
    const build = await tried({
      record,
      version,
      model: deserialize(await mustRead(deps, best.gbdt)) as GbdtModel,
      onnx: await mustRead(deps, best.onnx),
      training: [...baseline, ...recent],
      holdout,
      expected: [...recent, ...holdout],
      inherited: await designEffectsOf(deps, record.name, snapshot.champion),
      trainer: { kind: 'gbdt', candidate: best.candidate, rows: best.rows, rounds: best.rounds },
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
async function tried(input: VersionInput): Promise<VersionBuild> {
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

function bestOf(candidates: readonly TrainedCandidate[]): TrainedCandidate | undefined {
  const trained = candidates.filter((one) => one.status === 'trained');
  return trained.toSorted((one, other) => one.validation_loss - other.validation_loss)[0];
}

async function mustRead(deps: Deps, key: string): Promise<Uint8Array> {
  const bytes = await deps.objects.get(key);
  if (!bytes) throw new InvalidDataError(`the file ${key} is missing`);
  return bytes;
}
