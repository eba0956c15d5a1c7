/** Test support: a two-class image model, upright bars against level ones, trained and registered in memory. */
import { decodeImageFile } from '../images/decode-image.ts';
import { prepareImage } from '../images/image-answers.ts';
import { buildImageVersion, type LabelledImage } from '../images/image-version.ts';
import type { Pixels } from '../images/pixels.ts';
import { seededRandom } from '../random.ts';
import { writeArtefacts } from '../registry/artefacts.ts';
import { type ModelRecord, modelRecordSchema } from '../registry/model.ts';
import { changeChampion, createModel, registerVersion } from '../registry/registry.ts';
import { versionName } from '../retrain/version-name.ts';
import { greyImage, toPng } from './images.ts';
import { type MemoryDeps, startMs } from './memory-deps.ts';

/** Bars four pixels apart, with noise. */
export function bars(label: 'upright' | 'level', seed: number, size = 16): Pixels {
  const random = seededRandom(seed);
  const phase = Math.floor(4 * random());
  return greyImage(size, size, (x, y) => {
    const at = (label === 'upright' ? x : y) + phase;
    return (at % 4 < 2 ? 180 : 60) + 40 * random();
  });
}

export function barsRecord(image: object = {}): ModelRecord {
  return modelRecordSchema.parse({
    name: 'bars',
    task: 'image-classification',
    schema: {
      features: [
        { name: 'photo', kind: 'image', image: { width: 8, height: 8, channels: 1, ...image } },
        { name: 'camera', kind: 'id' },
      ],
      target: { name: 'bars', classes: ['level', 'upright'] },
    },
    monitor: {},
    retrain: {},
    created_at: new Date(startMs).toISOString(),
  });
}

export function labelledBars({ schema }: ModelRecord, count: number, seed: number): LabelledImage[] {
  return Array.from({ length: count }, (_, at) => {
    const label = at % 2 === 0 ? 'upright' : 'level';
    const decoded = decodeImageFile(toPng(bars(label, seed + at)));
    if (!decoded.ok) throw new Error(decoded.reason);
    return { id: `bars-${at}`, at: at * 1000, label, ...prepareImage(schema, decoded.image) };
  });
}

/** Answers the version that serves. */
export async function registerBars(deps: MemoryDeps, record: ModelRecord): Promise<string> {
  const version = versionName(startMs, 'bars');
  const build = await buildImageVersion({
    record,
    version,
    training: labelledBars(record, 100, 0),
    holdout: labelledBars(record, 60, 1000),
    network: { hidden: [8], epochs: 200 },
    snapshot: { source: 'drawn' },
    now: startMs,
  });
  if (!build.passed) throw new Error(build.reason);
  const { created_at, sha256, metrics } = build.manifest;
  await createModel(deps, record);
  await writeArtefacts(deps, build.manifest, build.files);
  await registerVersion(deps, record.name, { version, status: 'READY', created_at, sha256, metrics });
  const change = { model: record.name, to: version, expected: null, actor: 'test', reason: 'first version' };
  await changeChampion(deps, { ...change, action: 'register' });
  return version;
}
