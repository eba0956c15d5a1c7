/** Sixth step, for candidate and champion side by side: losses on the run's holdout, as served by onnxruntime. */
import type { Deps } from '#shared/deps.ts';
import { metricsOf, rowLosses } from '#shared/evaluation/losses.ts';
import { answersOf } from '#shared/onnx/answers.ts';
import { type OnnxSession, openSession } from '#shared/onnx/session.ts';
import { readManifest, readOnnx } from '#shared/registry/artefacts.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import type { Manifest } from '#shared/registry/model.ts';
import { outputsOf } from '#shared/retrain/build-version.ts';
import { featuresOf, readLabelled } from '#shared/retrain/labelled-data.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';

export interface EvaluateEvent {
  readonly execution: string;
  readonly model: string;
  readonly snapshot: { readonly holdout: string; readonly champion: string };
  readonly version: string;
}

export function createEvaluateHandler(deps: Deps) {
  return async ({ execution, model, snapshot, version }: EvaluateEvent) => {
    const manifest = await readManifest(deps, model, version);
    const session = await openSession(await readOnnx(deps, manifest), manifest.serving);
    try {
      const holdout = await readLabelled(deps, snapshot.holdout);
      const outputs = await score(manifest, session, holdout);
      const labels = holdout.map((row) => row.label);
      const losses = objectKeys.run(model, execution, `losses-${version}.json`);
      await deps.objects.put(losses, Buffer.from(JSON.stringify([...rowLosses(outputs, labels)])));
      // in the report only: under concept drift the right model looks worst on the old holdout
      const old = await labelledHoldout(deps, model, snapshot.champion);
      return {
        version,
        losses,
        metrics: metricsOf(outputs, labels),
        ...(old.length > 0
          ? {
              metrics_old_holdout: metricsOf(
                await score(manifest, session, old),
                old.map((row) => row.label),
              ),
            }
          : {}),
      };
    } finally {
      await session.release();
    }
  };
}

/** A champion that was trained elsewhere may have been registered with rows whose truth nobody knows. */
async function labelledHoldout(deps: Deps, model: string, champion: string): Promise<LabelledRow[]> {
  const rows = await readLabelled(deps, objectKeys.version(model, champion, 'holdout.ndjson.gz'));
  return rows.filter((row) => row.label !== undefined);
}

async function score(manifest: Manifest, session: OnnxSession, rows: readonly LabelledRow[]) {
  return outputsOf(answersOf(manifest.schema, await session.run(featuresOf(manifest.schema, rows))));
}
