/** Keeps the champion of each model warm: session cached per version, pointer re-read beside the request, swap when ready. */
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { type OnnxSession, openSession } from '#shared/onnx/session.ts';
import { readManifest, readOnnx } from '#shared/registry/artefacts.ts';
import type { Manifest, ModelRecord } from '#shared/registry/model.ts';
import { readPointer, resolveModel } from '#shared/registry/registry.ts';

export interface LoadedModel {
  readonly record: ModelRecord;
  readonly manifest: Manifest;
  readonly session: OnnxSession;
}

interface Slot {
  readonly model: LoadedModel;
  readonly readAt: number;
}

export interface ModelStore {
  /** The model that serves now. Throws a 404 or 503 problem. */
  current(name: string | undefined): Promise<LoadedModel>;
  /** Reads the pointer now and answers what serves from here on. */
  reload(name: string | undefined): Promise<LoadedModel>;
  /** Resolves when the re-read that this request caused, if any, is over; await it beside the log put. */
  settle(): Promise<void>;
}

const maxWarmModels = 8;

export function createModelStore(deps: Deps): ModelStore {
  /** By model name, in order of use, oldest first. */
  const slots = new Map<string, Slot>();
  const loading = new Map<string, Promise<LoadedModel>>();
  let defaultName: string | undefined;
  let reading: Promise<void> | undefined;

  async function load(name: string | undefined): Promise<LoadedModel> {
    const record = await resolveModel(deps, name);
    if (name === undefined) defaultName = record.name;
    const pointer = await readPointer(deps, record.name);
    if (!pointer)
      throw new ProblemError(503, `model "${record.name}" has no champion yet`, {}, { 'retry-after': '30' });
    const warm = slots.get(record.name)?.model;
    const model =
      warm?.manifest.version === pointer.champion
        ? { ...warm, record }
        : await open(record, pointer.champion);
    keep(model);
    return model;
  }

  async function open(record: ModelRecord, version: string): Promise<LoadedModel> {
    const manifest = await readManifest(deps, record.name, version);
    const session = await openSession(await readOnnx(deps, manifest), manifest.serving);
    return { record, manifest, session };
  }

  function keep(model: LoadedModel): void {
    slots.delete(model.record.name);
    slots.set(model.record.name, { model, readAt: deps.now() });
    for (const oldest of slots.keys()) {
      if (slots.size <= maxWarmModels) break;
      slots.delete(oldest);
    }
  }

  function loadOnce(name: string | undefined): Promise<LoadedModel> {
    const key = name ?? '';
    let running = loading.get(key);
    if (!running) {
      running = load(name).finally(() => loading.delete(key));
      loading.set(key, running);
    }
    return running;
  }

  /** A failed re-read keeps the old version serving and is tried again after the next interval. */
  function refresh(name: string, slot: Slot): void {
    slots.set(name, { ...slot, readAt: deps.now() });
    reading = loadOnce(name).then(
      () => undefined,
      (error: unknown) =>
        deps.log('error', 'model reload failed; the old version keeps serving', {
          model: name,
          error: String(error),
        }),
    );
  }

  return {
    async current(name = defaultName) {
      const slot = name === undefined ? undefined : slots.get(name);
      if (!slot) return loadOnce(name);
      const age = deps.now() - slot.readAt;
      if (age > deps.settings.POINTER_TTL_MS || age < 0) refresh(slot.model.record.name, slot);
      return slot.model;
    },
    reload: (name = defaultName) => loadOnce(name),
    async settle() {
      await reading;
    },
  };
}
