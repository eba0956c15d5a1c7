/** Final-check rows against a stored version's own ONNX file, away from the service: they are never sent, logged or trained on. */
import { join } from 'node:path';
import { constantOutputs, headline, metricsOf, naiveAnswer } from '#shared/evaluation/losses.ts';
import { answersOf } from '#shared/onnx/answers.ts';
import { openSession } from '#shared/onnx/session.ts';
import { readManifest, readOnnx } from '#shared/registry/artefacts.ts';
import { outputsOf } from '#shared/retrain/build-version.ts';
import { featuresOf } from '#shared/retrain/labelled-data.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { createFolderObjects } from '../../localstack/embedded/folder-objects.ts';

/** RMSE, or the share of wrong classes. */
export async function scoreVersion(
  dataDir: string,
  model: string,
  version: string,
  rows: readonly LabelledRow[],
): Promise<number> {
  const deps = { objects: createFolderObjects(join(dataDir, 'objects')) };
  const manifest = await readManifest(deps, model, version);
  const session = await openSession(await readOnnx(deps, manifest));
  try {
    const answers = answersOf(manifest.schema, await session.run(featuresOf(manifest.schema, rows)));
    return metricsOf(
      outputsOf(answers),
      rows.map((row) => row.label),
    )[headline(manifest.task)]!;
  } finally {
    await session.release();
  }
}

/** The best answer that looks at nothing, learnt from what was sent. */
export function scoreNaive(
  task: 'regression' | 'classification' | 'image-classification',
  sent: readonly LabelledRow[],
  rows: readonly LabelledRow[],
): number {
  const answer = naiveAnswer(
    task,
    sent.map((row) => row.label),
  );
  return metricsOf(
    constantOutputs(task, answer, rows.length),
    rows.map((row) => row.label),
  )[headline(task)]!;
}
