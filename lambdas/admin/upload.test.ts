import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { functions } from '#shared/api/surface.ts';
import { bytesField, integerField, message, packedFloats, stringField } from '#shared/onnx/protobuf.ts';
import type { PresignedPut } from '#shared/ports/objects.ts';
import { readManifest, sha256 } from '#shared/registry/artefacts.ts';
import { readBaseline } from '#shared/registry/baseline.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import { findVersion, readPointer } from '#shared/registry/registry.ts';
import { resumeTrials } from '#shared/registry/uploaded.ts';
import {
  rawLogits,
  type UploadedFiles,
  uploadedFiles,
  wideFeatures,
  wideRegression,
  wideRows,
  wideSchema,
} from '#shared/testing/foreign-model.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { failAtWrite, type MemoryDeps, memoryDeps, stopFailing } from '#shared/testing/memory-deps.ts';
import { createTrialHandler } from '../trial/handler.ts';
import { createAdminHandler } from './handler.ts';

let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps({ GRANULE_MS: '60000' });
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly version: string; readonly detail: string };
}

async function call(method: string, resource: string, body?: unknown, version = ''): Promise<Answer> {
  const event: HttpEvent = {
    httpMethod: method,
    resource,
    path: resource.replace('{model}', 'wide').replace('{version}', version),
    body: body === undefined ? null : JSON.stringify(body),
    isBase64Encoded: false,
    headers: {},
    pathParameters: { model: 'wide', version },
    queryStringParameters: null,
  };
  const admin = createAdminHandler(guardedDeps(deps, functions.admin.access));
  const result = await admin(event);
  return { status: result.statusCode, body: JSON.parse(result.body) as Answer['body'] };
}

const create = (more: object = {}) => call('POST', '/models', { name: 'wide', schema: wideSchema, ...more });
const announce = (body: object) => call('POST', '/models/{model}/versions', body);
const complete = (version: string) =>
  call('POST', '/models/{model}/versions/{version}/complete', {}, version);
const ask = async (version: string) =>
  (await call('GET', '/models/{model}/versions/{version}', undefined, version)).body;

async function send({ body }: Answer, { onnx, baseline }: Pick<UploadedFiles, 'onnx' | 'baseline'>) {
  const put = body.put as { onnx: PresignedPut; baseline: PresignedPut };
  return [await deps.objects.send(put.onnx, onnx), await deps.objects.send(put.baseline, baseline)];
}

/** What the subscription does: the trial, with its own rights, once per event. */
async function runTrials(): Promise<string[]> {
  const trial = createTrialHandler(guardedDeps(deps, functions.trial.access));
  const statuses: string[] = [];
  for (const event of deps.events.published.splice(0)) {
    expect(event.type).toBe('VersionUploaded');
    statuses.push((await trial(event)).status);
  }
  return statuses;
}

async function uploaded(files: UploadedFiles, more: object = {}): Promise<string> {
  const announced = await announce({ files: files.files, ...more });
  expect(announced.status, announced.body.detail).toBe(201);
  expect(await send(announced, files)).toEqual([200, 200]);
  expect((await complete(announced.body.version)).status).toBe(202);
  return announced.body.version;
}

async function triedRegression(more: object = {}): Promise<string> {
  const version = await uploaded(await uploadedFiles(wideRegression(), wideRows(200)), more);
  await runTrials();
  return version;
}

/** Nothing of the version but its record and what was uploaded. */
function expectNoArtefacts(): void {
  expect(deps.objects.keys('models/')).toEqual([]);
}

describe('POST /models', () => {
  test('registers a model without a champion; a regression when the target has no classes', async () => {
    const { status, body } = await create({ monitor: { min_rows: 60 } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: 'wide',
      task: 'regression',
      champion: null,
      monitor: { min_rows: 60 },
    });
    expect((await readLedger(deps, 'wide', { limit: 9 })).map(({ action }) => action)).toEqual(['create']);
  });

  test('whose schema has an image classifies images', async () => {
    const image = { name: 'photo', kind: 'image', image: { width: 8, height: 8, channels: 3 } };
    const target = { name: 'kind', classes: ['cat', 'dog'] };
    expect((await create({ schema: { features: [image], target } })).body).toMatchObject({
      task: 'image-classification',
    });
  });

  test('refuses a name that is taken, a setting that is none, and a task that the target does not fit', async () => {
    expect((await create({ monitor: { psi: 1 } })).status).toBe(400);
    expect((await create({ task: 'classification' })).body.detail).toContain('needs schema.target.classes');
    const classes = { features: wideFeatures, target: { name: 'g', classes: ['a', 'b'] } };
    expect((await create({ task: 'regression', schema: classes })).body.detail).toContain('has no classes');
    await create();
    await triedRegression();
    expect((await create()).body.detail).toBe('a model named "wide" is already registered');
  });

  test('describes anew a model none of whose versions was any good', async () => {
    const classes = { features: wideFeatures, target: { name: 'g', classes: ['a', 'b'] } };
    await create({ schema: classes });
    const version = await triedRegression();
    expect(await ask(version)).toMatchObject({ status: 'REJECTED' });
    expect((await create()).status).toBe(201);
    expect(await ask(await triedRegression({ version: 'second' }))).toMatchObject({ status: 'READY' });
  });
});

describe('a version that was trained elsewhere', () => {
  test('is PENDING until its trial, then READY with figures and a baseline; the first one serves', async () => {
    await create();
    const version = await uploaded(await uploadedFiles(wideRegression(), wideRows(200)), { actor: 'ada' });
    expect(await ask(version)).toMatchObject({ status: 'PENDING', champion: false });
    expectNoArtefacts();
    expect(await runTrials()).toEqual(['READY']);
    const found = await ask(version);
    expect(found).toMatchObject({ status: 'READY', champion: true });
    // the labels are the model's own answers and -0.3 to 0.3 in steps of 0.1: the mean square is 0.04 but for the last, cut cycle
    expect((found.metrics as { rmse: number }).rmse).toBeCloseTo(0.2, 2);
    const manifest = await readManifest(deps, 'wide', version);
    expect(manifest).toMatchObject({
      trainer: { kind: 'foreign', producer: 'tidemark' },
      snapshot: { rows: 200, labelled_rows: 200 },
      serving: { matrix: { input: 'float_input', columns: ['weight', 'depth'] }, scores: 'variable' },
    });
    expect(manifest.parity).toBeUndefined();
    const { reference } = await readBaseline(deps, 'wide', version);
    expect([...reference.features.keys()].sort()).toEqual([
      '$label',
      '$loss',
      '$prediction',
      'depth',
      'weight',
    ]);
    const history = await readLedger(deps, 'wide', { limit: 9 });
    expect(history.map(({ action, actor }) => [action, actor]).sort()).toEqual([
      ['create', 'operator'],
      ['register', 'ada'],
      ['trial', 'ada'],
      ['upload', 'ada'],
    ]);
  });

  test('that is not the first waits for a promote', async () => {
    await create();
    const first = await triedRegression();
    const second = await triedRegression({ version: 'second' });
    expect(await ask(second)).toMatchObject({ status: 'READY', champion: false });
    expect((await readPointer(deps, 'wide'))?.champion).toBe(first);
    await call('POST', '/models/{model}/promote', { version: second, reason: 'newer' });
    expect((await readPointer(deps, 'wide'))?.champion).toBe(second);
  });

  test('with raw logits is served with the activation that was declared, its classes named by the model', async () => {
    await create({ schema: { features: wideFeatures, target: { name: 'g', classes: ['heavy', 'light'] } } });
    const rows = wideRows(80).map(({ features }) => ({
      features,
      label: features.weight > 5 ? 'heavy' : 'light',
    }));
    const version = await uploaded(await uploadedFiles(rawLogits(), rows), { activation: 'softmax' });
    expect(await runTrials()).toEqual(['READY']);
    expect(await ask(version)).toMatchObject({ metrics: { accuracy: 1, rows: 80 } });
    expect((await readManifest(deps, 'wide', version)).serving).toMatchObject({ activation: 'softmax' });
  });

  test('without labels has a baseline of features and answers, and no figures', async () => {
    await create();
    const rows = wideRows(60).map(({ features }) => ({ features }));
    const version = await uploaded(await uploadedFiles(wideRegression(), rows));
    expect(await runTrials()).toEqual(['READY']);
    expect(await ask(version)).toMatchObject({ metrics: {} });
    const { reference } = await readBaseline(deps, 'wide', version);
    expect([...reference.features.keys()].sort()).toEqual(['$prediction', 'depth', 'weight']);
  });

  test('that predicts worse than one answer for all is READY with a note: its columns may be in the wrong order', async () => {
    await create();
    const rows = wideRows(60).map(({ features: { weight, depth }, label }) => ({
      features: { weight: depth, depth: weight },
      label,
    }));
    const version = await uploaded(await uploadedFiles(wideRegression(), rows));
    await runTrials();
    expect(JSON.stringify((await ask(version)).notes)).toContain(
      'are the columns and classes in the right order',
    );
  });
});

describe('the upload', () => {
  test('announced again while PENDING has new URLs for the same files, and under its name no other files', async () => {
    await create();
    const { files } = await uploadedFiles(wideRegression(), wideRows(60));
    const first = await announce({ files, version: 'v1' });
    const again = await announce({ files, version: 'v1' });
    expect(again.body).toMatchObject({ version: 'v1', upload: first.body.upload });
    const other = await uploadedFiles(wideRegression(), wideRows(61));
    expect(await announce({ files: other.files, version: 'v1' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('is PENDING with other files') },
    });
  });

  test('of the same files in the same second is another version, unless it is named', async () => {
    await create();
    const { files } = await uploadedFiles(wideRegression(), wideRows(60));
    const [one, other] = [await announce({ files }), await announce({ files })];
    expect([one.status, other.status]).toEqual([201, 201]);
    expect(one.body.version).not.toBe(other.body.version);
  });

  test('of more than 200 MB, or a baseline of more than 50 MB, is refused before anything is signed', async () => {
    await create();
    const { files } = await uploadedFiles(wideRegression(), wideRows(60));
    const sized = (onnx: number, baseline: number) => ({
      files: { onnx: { ...files.onnx, bytes: onnx }, baseline: { ...files.baseline, bytes: baseline } },
    });
    expect((await announce(sized(200_000_000, 50_000_000))).status).toBe(201);
    expect((await announce(sized(200_000_001, 50_000_000))).status).toBe(400);
    expect((await announce(sized(200_000_000, 50_000_001))).status).toBe(400);
  });

  test('is refused for a model that is not registered', async () => {
    const { files } = await uploadedFiles(wideRegression(), wideRows(60));
    expect((await announce({ files })).status).toBe(404);
  });

  test('completed before both files are there names the one that is missing; then it can be completed', async () => {
    await create();
    const files = await uploadedFiles(wideRegression(), wideRows(60));
    const announced = await announce({ files: files.files, version: 'v1' });
    expect((await complete('v1')).body.detail).toContain('model.onnx of version "v1" is not uploaded');
    const put = announced.body.put as { onnx: PresignedPut };
    await deps.objects.send(put.onnx, files.onnx);
    expect((await complete('v1')).body.detail).toContain(
      'baseline.ndjson.gz of version "v1" is not uploaded',
    );
    expect(deps.events.published).toEqual([]);
    await send(announced, files);
    expect((await complete('v1')).status).toBe(202);
    expect(await runTrials()).toEqual(['READY']);
  });

  test('completed twice is tried once while its trial runs, and a version that has its answer keeps it', async () => {
    await create();
    const version = await uploaded(await uploadedFiles(wideRegression(), wideRows(60)));
    expect(await runTrials()).toEqual(['READY']);
    expect((await complete(version)).body).toMatchObject({ status: 'READY' });
    expect(deps.events.published).toEqual([]);
    const before = deps.objects.keys();
    expect(await createTrialHandler(deps)({ detail: { model: 'wide', version } })).toEqual({
      status: 'READY',
    });
    expect(deps.objects.keys()).toEqual(before);
  });

  test('of an unknown version is not completed', async () => {
    await create();
    expect((await complete('never')).status).toBe(404);
    expect((await call('GET', '/models/{model}/versions/{version}', undefined, '../x')).status).toBe(404);
  });

  test('that nobody completed before the process ended can still be completed', async () => {
    await create();
    const files = await uploadedFiles(wideRegression(), wideRows(60));
    const announced = await announce({ files: files.files });
    await send(announced, files);
    await resumeTrials(deps);
    expect(deps.events.published).toEqual([]);
    await complete(announced.body.version);
    deps.events.published.length = 0;
    // the host that published it has gone
    await resumeTrials(deps);
    expect(await runTrials()).toEqual(['READY']);
  });
});

describe('a trial that is interrupted', () => {
  test('at any write leaves nothing that serves half, and the next one ends it', async () => {
    await create();
    const version = await uploaded(await uploadedFiles(wideRegression(), wideRows(60)));
    deps.events.published.length = 0;
    const trial = createTrialHandler(deps);
    const event = { detail: { model: 'wide', version } };
    let isDone = false;
    for (let at = 1; !isDone; at++) {
      failAtWrite(deps, at);
      isDone = await trial(event).then(
        () => true,
        () => false,
      );
      stopFailing(deps);
      const pointer = await readPointer(deps, 'wide');
      if (pointer) await readBaseline(deps, 'wide', pointer.champion);
      expect(at).toBeLessThan(40);
    }
    expect(await ask(version)).toMatchObject({ status: 'READY', champion: true });
  });

  test('three times without a word is the model’s fault', async () => {
    await create();
    const version = await uploaded(await uploadedFiles(wideRegression(), wideRows(60)));
    deps.events.published.length = 0;
    // a process that is killed writes nothing after the trial's begin
    const killed = {
      ...deps,
      objects: Object.assign(Object.create(deps.objects), { get: () => new Promise(() => undefined) }),
    };
    for (let at = 0; at < 3; at++) {
      void createTrialHandler(killed)({ detail: { model: 'wide', version } });
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await ask(version)).toMatchObject({ status: 'PENDING' });
    }
    expect(await createTrialHandler(deps)({ detail: { model: 'wide', version } })).toEqual({
      status: 'REJECTED',
    });
    expect((await ask(version)).reason).toContain('3 trials ended without an answer');
    expectNoArtefacts();
  });
});

describe('while a trial may still be running', () => {
  const eventOf = (version: string, id: string) => ({ id, detail: { model: 'wide', version } });
  const neverEnding = () => ({
    ...deps,
    objects: Object.assign(Object.create(deps.objects), { get: () => new Promise(() => undefined) }),
  });
  /** A version whose trial was begun by the event `first` and says nothing more. */
  async function onTrial(): Promise<string> {
    await create();
    const version = await uploaded(await uploadedFiles(wideRegression(), wideRows(60)));
    deps.events.published.length = 0;
    void createTrialHandler(neverEnding())(eventOf(version, 'first'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    return version;
  }
  const trialsOf = async (version: string) => (await findVersion(deps, 'wide', version))?.upload?.trials;

  test('other events for the version neither try it nor count, however many come', async () => {
    const version = await onTrial();
    for (const id of ['second', 'third', 'fourth', 'fifth'])
      expect(await createTrialHandler(deps)(eventOf(version, id))).toEqual({ status: 'PENDING' });
    expect([await trialsOf(version), (await ask(version)).status]).toEqual([1, 'PENDING']);
  });

  test('the same event again is the retry of a trial that ended: it is tried at once', async () => {
    const version = await onTrial();
    expect(await createTrialHandler(deps)(eventOf(version, 'first'))).toEqual({ status: 'READY' });
  });

  test.each([
    ['longer ago than a trial may take', 300_000, 'READY'],
    ['just within what a trial may take', 299_999, 'PENDING'],
    ['in a future that a wrong clock wrote', -7_200_000, 'READY'],
  ])('another event tries what was begun %s', async (_, laterMs, status) => {
    const version = await onTrial();
    const { trial_started_at: at } = (await findVersion(deps, 'wide', version))!.upload!;
    deps.clock.ms = Date.parse(at!) + laterMs;
    expect(await createTrialHandler(deps)(eventOf(version, 'second'))).toEqual({ status });
  });

  test('a host that starts again tries at once what its last process took with it, and keeps the count', async () => {
    const version = await onTrial();
    await resumeTrials(deps);
    expect(deps.events.published).toHaveLength(1);
    void createTrialHandler(neverEnding())(eventOf(version, 'second'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await trialsOf(version)).toBe(2);
  });
});

/** A graph with parts that our own encoder never writes. */
function handmade(input: Uint8Array, weights: Uint8Array): Uint8Array {
  const node = message(
    stringField(1, 'float_input'),
    stringField(1, 'w'),
    stringField(2, 'variable'),
    stringField(4, 'MatMul'),
  );
  const graph = message(
    bytesField(1, node),
    bytesField(5, weights),
    bytesField(11, input),
    bytesField(12, value('variable', 1)),
  );
  return message(integerField(1, 8), bytesField(7, graph), bytesField(8, message(integerField(2, 17))));
}

function value(name: string, width?: number): Uint8Array {
  const sizes = [stringField(2, 'N'), integerField(1, width ?? 1)].map((size) => bytesField(1, size));
  const shape = width === undefined ? [] : [bytesField(2, message(...sizes))];
  return message(stringField(1, name), bytesField(2, bytesField(1, message(integerField(1, 1), ...shape))));
}

const weightsHead = [integerField(1, 2), integerField(1, 1), integerField(2, 1), stringField(8, 'w')];
const inputWithoutShape = () =>
  handmade(value('float_input'), message(...weightsHead, packedFloats(4, [3, 0.5])));
const weightsElsewhere = () => {
  const location = message(stringField(1, 'location'), stringField(2, '../../etc/passwd'));
  return handmade(
    value('float_input', 2),
    message(...weightsHead, bytesField(13, location), integerField(14, 1)),
  );
};

describe('what cannot be served is REJECTED with what is to blame, and leaves nothing', () => {
  const graph = wideRegression();
  const rows = wideRows(60);
  const onnxOf = (name: 'type' | 'operator' | 'width') =>
    ({
      type: () => wideRegression({ inputs: [{ name: 'float_input', type: 'uint8', shape: ['N', 2] }] }),
      operator: () =>
        wideRegression({
          nodes: [
            {
              operator: 'Frobnicate',
              domain: '',
              inputs: ['float_input'],
              outputs: ['variable'],
              attributes: {},
            },
          ],
        }),
      width: () => wideRegression({ inputs: [{ name: 'float_input', type: 'float', shape: ['N', 3] }] }),
    })[name]();

  test.each<[string, Uint8Array, readonly object[], RegExp]>([
    ['a file that is no ONNX', Buffer.from('%PDF-1.7 and so on'), rows, /onnx/],
    ['a truncated file', graph.subarray(0, graph.length - 20), rows, /truncated/],
    ['an input of dynamic rank', inputWithoutShape(), rows, /"float_input" has a dynamic rank/],
    ['weights in another file', weightsElsewhere(), rows, /tensor "w" has its values in another file/],
    ['an operator that nobody knows', onnxOf('operator'), rows, /Frobnicate/],
    ['an input of bytes', onnxOf('type'), rows, /"float_input"/],
    ['a wider input', onnxOf('width'), rows, /3 values per row/],
    ['too few rows', graph, rows.slice(0, 49), /the baseline has 49 rows; 50 to 100000/],
    ['a row without a column', graph, [...rows, { features: { weight: 1 } }], /line 61.*depth.*missing/],
    [
      'a row with text for a number',
      graph,
      [{ features: { weight: 'x', depth: 1 } }, ...rows],
      /line 1 .*a number is expected/,
    ],
    ['a label that is no number', graph, [{ ...rows[0], label: 'high' }, ...rows], /line 1 .*"high"/],
    ['a line that is no row', graph, [7, ...rows] as unknown as object[], /line 1 .* not a JSON object/],
    ['rows that are all the same', graph, Array.from({ length: 60 }, () => rows[0]!), /same answer/],
  ])('%s', async (_, onnx, lines, reason) => {
    await create();
    const version = await uploaded(await uploadedFiles(onnx, lines));
    expect(await runTrials()).toEqual(['REJECTED']);
    const found = await ask(version);
    expect(found.reason).toMatch(reason);
    expectNoArtefacts();
    expect(await readPointer(deps, 'wide')).toBeUndefined();
    const refused = await call('POST', '/models/{model}/promote', { version, reason: 'anyway' });
    expect(refused.status).toBe(409);
    expect((await findVersion(deps, 'wide', version))?.status).toBe('REJECTED');
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['that is not gzip', Buffer.from('{"features":{}}'), /cannot be unpacked/],
    ['that is cut off', gzipSync('x'.repeat(1000)).subarray(0, 15), /cannot be unpacked/],
    ['that is a bomb', gzipSync(Buffer.alloc(400_000_001)), /unpacks to more than 400000000 bytes/],
  ])('a baseline %s', async (_, baseline, reason) => {
    await create();
    const { files, onnx } = await uploadedFiles(graph, rows);
    const announcedFiles = {
      ...files,
      baseline: { ...files.baseline, sha256: sha256(baseline), bytes: baseline.length },
    };
    const version = await uploaded({ onnx, baseline, files: announcedFiles });
    expect(await runTrials()).toEqual(['REJECTED']);
    expect((await ask(version)).reason).toMatch(reason);
    expectNoArtefacts();
  });

  test('a file that is not the one announced, however it came to be there', async () => {
    await create();
    const files = await uploadedFiles(graph, rows);
    const version = await uploaded(files);
    const [key] = deps.objects.keys('uploads/').filter((one) => one.endsWith('model.onnx'));
    await deps.objects.put(key!, Buffer.from('other'));
    expect(await runTrials()).toEqual(['REJECTED']);
    expect((await ask(version)).reason).toMatch(/the onnx file has sha256 .* was announced/);
  });
});
