/** Digits rendered as PNG files, and image models of them registered in a data directory. */
import { mkdirSync, readFileSync } from 'node:fs';
import { decodeImageFile } from '#shared/images/decode-image.ts';
import { prepareImage } from '#shared/images/image-answers.ts';
import { buildImageVersion, type LabelledImage } from '#shared/images/image-version.ts';
import type { Pixels } from '#shared/images/pixels.ts';
import { resize } from '#shared/images/resize.ts';
import { seededRandom, shuffledIndices } from '#shared/random.ts';
import { writeArtefacts } from '#shared/registry/artefacts.ts';
import { type Manifest, type ModelRecord, modelRecordSchema } from '#shared/registry/model.ts';
import { changeChampion, createModel, registerVersion } from '#shared/registry/registry.ts';
import { versionName } from '#shared/retrain/version-name.ts';
import { parseCsv } from '#shared/schema/csv.ts';
import { greyImage, toPng } from '#shared/testing/images.ts';
import { embeddedDeps } from './deps.ts';
import { openStore } from './store.ts';

export interface Digit {
  readonly picture: Pixels;
  readonly label: string;
}

/** A scan of 8 × 8 in the middle: without an edge of its own a digit that is turned would be cut off. */
const canvas = 12;
const side = 3 * canvas;
const now = Date.UTC(2026, 10, 21);

/** The scans of `digits.csv` as pictures of 36 × 36, white on black, in a fixed random order. */
export function readDigits(path: string): Digit[] {
  const { rows } = parseCsv(readFileSync(path, 'utf8'));
  const digits = rows.map((row) => ({
    picture: resize(
      greyImage(canvas, canvas, (x, y) => Math.round((scanned(row, x - 2, y - 2) * 255) / 16)),
      side,
      side,
    ),
    label: row[64]!,
  }));
  return [...shuffledIndices(digits.length, seededRandom(1))].map((at) => digits[at]!);
}

function scanned(row: readonly string[], x: number, y: number): number {
  return x < 0 || y < 0 || x >= 8 || y >= 8 ? 0 : Number(row[8 * y + x]);
}

export function digitRecord(name: string, monitor: Partial<ModelRecord['monitor']>): ModelRecord {
  return modelRecordSchema.parse({
    name,
    task: 'image-classification',
    schema: {
      features: [{ name: 'scan', kind: 'image', image: { width: canvas, height: canvas, channels: 1 } }],
      target: { name: 'digit', classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] },
    },
    monitor,
    retrain: {},
    created_at: new Date(now).toISOString(),
  });
}

/** One training, one version, a model of it under each of the names; the host must not run. */
export async function registerDigits(
  dataDir: string,
  records: readonly ModelRecord[],
  training: readonly Digit[],
  holdout: readonly Digit[],
): Promise<Manifest> {
  const [first] = records;
  if (!first) throw new Error('no record');
  const [train, held] = [prepare(first, training, 0), prepare(first, holdout, training.length)];
  mkdirSync(dataDir, { recursive: true });
  const store = openStore({ dir: dataDir });
  try {
    const deps = embeddedDeps({ dataDir, store, env: {} });
    const version = versionName(now, 'digits');
    const build = await buildImageVersion({
      record: first,
      version,
      training: train,
      holdout: held,
      network: { hidden: [64], seed: 1 },
      snapshot: { source: 'digits' },
      now,
    });
    if (!build.passed) throw new Error(build.reason);
    for (const record of records) {
      const manifest = { ...build.manifest, model: record.name };
      const { created_at, sha256, metrics } = manifest;
      await createModel(deps, record);
      await writeArtefacts(deps, manifest, build.files);
      await registerVersion(deps, record.name, { version, status: 'READY', created_at, sha256, metrics });
      const change = {
        model: record.name,
        to: version,
        expected: null,
        actor: 'test',
        reason: 'first version',
      };
      await changeChampion(deps, { ...change, action: 'register' });
    }
    return build.manifest;
  } finally {
    await store.close();
  }
}

/** Through the same files and the same decoder as a request. */
function prepare({ schema }: ModelRecord, digits: readonly Digit[], from: number): LabelledImage[] {
  return digits.map(({ picture, label }, at) => {
    const decoded = decodeImageFile(toPng(picture));
    if (!decoded.ok) throw new Error(decoded.reason);
    return { id: `digit-${from + at}`, at: from + at, label, ...prepareImage(schema, decoded.image) };
  });
}
