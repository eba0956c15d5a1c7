/** Whether exported files answer as their trainers do: each trainer, numbers and classes, on rows made to show where not. */
import { readTrainingSet } from '#shared/ingest/training-set.ts';
import { openSession } from '#shared/onnx/session.ts';
import { exportParity } from '#shared/retrain/export-parity.ts';
import { trainerNamed } from '#shared/retrain/trainers.ts';
import { openTable } from '#shared/tabular/table.ts';
import { referenceFile } from '#shared/testing/reference-data.ts';
import { type TrainerKind, trainerKinds } from '#shared/training/trainer-kind.ts';
import type { BenchTable } from './table.ts';

const DATA = [
  { file: 'diamonds.csv', target: 'price' },
  { file: 'digits.csv', target: 'digit' },
] as const;

export async function run(quick: boolean): Promise<BenchTable> {
  const rows: [string, string][] = [];
  for (const { file, target } of DATA)
    for (const kind of trainerKinds)
      rows.push([`${kind}, ${file}`, await measure(kind, file, target, quick)]);
  return { name: 'exported files against their trainers', rows };
}

async function measure(kind: TrainerKind, file: string, target: string, quick: boolean): Promise<string> {
  const path = referenceFile(file);
  if (path === undefined) return 'data not available';
  const set = await readTrainingSet(await openTable(path), { target });
  const trainer = trainerNamed(kind);
  const [settings] = trainer.settings(set.data.rows);
  const rounds = quick ? 5 : kind === 'network' ? 30 : 100;
  const model = trainer.fit(set.data, set.target, { settings: settings!, rounds, seed: 1 });
  const session = await openSession(trainer.toOnnx(model, {}));
  try {
    const parity = await exportParity(model, session, set.data, 'bench');
    const { passed, maxAbsolute, maxRelative, labelDifferences } = parity;
    const differences = `at most ${maxAbsolute.toPrecision(2)} absolute, ${maxRelative.toPrecision(2)} relative`;
    return `${passed ? 'passed' : 'FAILED'} on ${parity.rows} rows: ${differences}, ${labelDifferences} labels differ`;
  } finally {
    await session.release();
  }
}
