/** What explanations of a version need, kept warm for the versions asked last: its trees, its background, its session. */
import { decodeRows } from '#shared/capture/archive.ts';
import type { Deps } from '#shared/deps.ts';
import { evenly } from '#shared/explain/evenly.ts';
import { type OnnxSession, openSession } from '#shared/onnx/session.ts';
import { readOnnx } from '#shared/registry/artefacts.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import type { Manifest } from '#shared/registry/model.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { readBackground, readTrainer } from '#shared/retrain/stored-trainer.ts';
import type { TrainedModel } from '#shared/retrain/trainers.ts';
import type { FeatureRow } from '#shared/schema/rows.ts';

export interface VersionParts {
  /** Undefined for a version trained elsewhere. */
  readonly trainer: TrainedModel | undefined;
  /** At most 100 rows; none where the version has no rows at all. */
  readonly background: readonly FeatureRow[];
  /** Opened when it is first asked for: trees are explained without it. */
  session(): Promise<OnnxSession>;
}

const maxVersions = 4;
const backgroundRows = 100;

export function createVersionStore(deps: Deps): (manifest: Manifest) => Promise<VersionParts> {
  /** In order of use, oldest first. */
  const warm = new Map<string, Promise<VersionParts>>();
  return (manifest) => {
    const key = `${manifest.model}/${manifest.version}`;
    const forget = () => warm.delete(key);
    const found = warm.get(key) ?? load(deps, manifest, forget);
    warm.delete(key);
    warm.set(key, found);
    found.catch(forget);
    for (const oldest of warm.keys()) {
      if (warm.size <= maxVersions) break;
      // a session still in use is freed with the last reference to it
      warm.delete(oldest);
    }
    return found;
  };
}

/** @param forget - called where a file could not be read, which may have been the store's fault: it is to be read again */
async function load(deps: Deps, manifest: Manifest, forget: () => void): Promise<VersionParts> {
  const { model, version } = manifest;
  /** Without one of these files a version is explained otherwise, or the answer says why it is not. */
  const unlessBroken =
    <Instead>(file: string, instead: Instead) =>
    (error: unknown): Instead => {
      deps.log('error', 'a file of a version cannot be read', { model, version, file, error: String(error) });
      forget();
      return instead;
    };
  const [trainer, stored] = await Promise.all([
    readTrainer(deps, model, version).catch(unlessBroken('trainer.bin', undefined)),
    readBackground(deps, model, version).catch(unlessBroken('background.ndjson.gz', [])),
  ]);
  const background =
    stored.length > 0 ? stored : await heldOut(deps, manifest).catch(unlessBroken('holdout.ndjson.gz', []));
  let opened: Promise<OnnxSession> | undefined;
  return {
    trainer,
    background,
    session() {
      opened ??= readOnnx(deps, manifest).then((bytes) => openSession(bytes, manifest.serving));
      opened.catch(() => {
        opened = undefined;
      });
      return opened;
    },
  };
}

/** Where no background was stored, or it cannot be read. */
async function heldOut(deps: Deps, { model, version }: Manifest): Promise<FeatureRow[]> {
  const bytes = await deps.objects.get(objectKeys.version(model, version, 'holdout.ndjson.gz'));
  const rows = bytes ? await decodeRows<LabelledRow>(bytes) : [];
  return evenly(rows, backgroundRows).map(({ features }) => features);
}
