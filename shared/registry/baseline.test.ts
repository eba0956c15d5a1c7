import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../json.ts';
import { addColumns } from '../profile/add-columns.ts';
import { encodeProfile } from '../profile/encode.ts';
import { emptyProfile, featureOf, type Profile } from '../profile/profile.ts';
import { segmentKey } from '../profile/segments.ts';
import { normal, seededRandom } from '../random.ts';
import { type MemoryDeps, memoryDeps } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord } from '../testing/small-model.ts';
import { DAY_MS, SLOT_MS } from '../windows/seasonal.ts';
import { type Baseline, readBaseline, referenceFiles, referenceFor } from './baseline.ts';
import { contextFile, measureContext } from './baseline-context.ts';
import { objectKeys, stateKeys } from './keys.ts';

const day = Date.UTC(2026, 10, 2);
const seven = { start: day + 7 * SLOT_MS, end: day + 8 * SLOT_MS };
const file = 'baseline-1.bin';

let deps: MemoryDeps;
let version: string;
let own: Baseline;

beforeEach(async () => {
  deps = memoryDeps();
  version = await registerSmall(deps, smallRecord());
  own = await readBaseline(deps, 'small', version);
});

/** `rows` weights, counted on the version's anchors. */
function weights(rows: number, seed = 3): Profile {
  const random = seededRandom(seed);
  const profile = emptyProfile(own.anchors);
  const values = Float64Array.from({ length: rows }, () => 5 + normal(random));
  addColumns(profile, [{ kind: 'numeric', name: 'weight', values }]);
  return profile;
}

function context(days: number) {
  return measureContext({
    anchors: own.anchors,
    windowMs: DAY_MS,
    subWindows: Array.from({ length: 6 }, (_, at) => ({
      start: day + at * DAY_MS,
      profile: () => weights(100, at),
    })),
    slots: new Map([[7, weights(250)]]),
    span: { start: day, end: day + days * DAY_MS },
    segments: new Map([[segmentKey('colour', 'red'), weights(40)]]),
    inherited: new Map([
      ['weight', 99],
      ['depth', 1.5],
      ['gone', 3],
    ]),
  });
}

const contextKey = () => objectKeys.version('small', version, contextFile(file));

async function accept(days: number, { withContext = true } = {}): Promise<Baseline> {
  for (const [name, bytes] of Object.entries(await referenceFiles(file, own.reference, context(days))))
    if (withContext || name === file)
      await deps.objects.put(objectKeys.version('small', version, name), bytes);
  await deps.state.putIfAbsent(stateKeys.baseline('small', version), { file } as Json);
  return readBaseline(deps, 'small', version);
}

describe('a baseline read back', () => {
  test('has the design effects, segments and hours it was written with', async () => {
    const written = context(3);
    const read = await accept(3);
    expect(read.designEffects).toEqual(written.designEffects);
    expect([...read.segments.keys()]).toEqual([segmentKey('colour', 'red')]);
    const [red] = read.segments.values();
    expect(encodeProfile(red!)).toEqual(encodeProfile(weights(40)));
    expect(read.segments).toBe(read.segments);
    expect(read.seasonal?.slots.map((slot) => slot?.length)).toEqual(
      written.seasonal?.slots.map((slot) => slot?.length),
    );
    expect(read.file).toBe(file);
  });

  test('has design effects of its own windows, else those it inherits, else none', async () => {
    const { designEffects } = await accept(3);
    expect(designEffects.get('weight')).toBeGreaterThanOrEqual(1);
    expect(designEffects.get('weight')).toBeLessThan(1.5);
    expect(designEffects.get('depth')).toBe(1.5);
    expect(designEffects.has('colour')).toBe(false);
    expect(designEffects.has('gone')).toBe(false);
  });

  test('has none of them where it was written before there were any', async () => {
    const { designEffects, segments, seasonal, reference } = await accept(3, { withContext: false });
    expect([designEffects.size, segments.size, seasonal]).toEqual([0, 0, null]);
    expect(featureOf(reference, 'weight').count).toBe(400);
  });

  test('is refused with a context of a later format', async () => {
    await accept(3);
    const stored = JSON.parse(
      (await promisify(gunzip)((await deps.objects.get(contextKey()))!)).toString(),
    ) as object;
    await deps.objects.put(contextKey(), await promisify(gzip)(JSON.stringify({ ...stored, format: 2 })));
    await expect(readBaseline(deps, 'small', version)).rejects.toThrow(
      /^version ".+" of "small": baseline.+ cannot be read/,
    );
  });
});

describe('a damaged file of a version', () => {
  test.each(['manifest.json', 'anchors.json', 'baseline.bin', 'baseline.context.json.gz'])(
    '%s is named, as what is missing is: no reason to stop for other versions',
    async (file) => {
      const key = objectKeys.version('small', version, file);
      const bytes = (await deps.objects.get(key))!;
      await deps.objects.put(key, bytes.slice(0, bytes.length - 7));
      const error = await readBaseline(deps, 'small', version).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'ArtefactError', message: expect.stringContaining(file) });
    },
  );
});

describe('a window is compared', () => {
  test('with its hour where that is known, but for labels and losses, which come at any hour', async () => {
    const { reference, seasonal, note } = referenceFor(await accept(3), seven);
    expect([seasonal, note]).toEqual([true, undefined]);
    expect(featureOf(reference, 'weight').count).toBe(250);
    expect(featureOf(reference, '$prediction').count).toBe(0);
    for (const name of ['$label', '$loss'])
      expect(featureOf(reference, name)).toEqual(featureOf(own.reference, name));
    expect(featureOf(own.reference, '$loss').count).toBe(120);
  });

  test('with the whole baseline when it is a day long, and nothing needs saying', async () => {
    const baseline = await accept(3);
    expect(referenceFor(baseline, { start: day, end: day + DAY_MS })).toEqual({
      reference: baseline.reference,
      seasonal: false,
    });
  });

  test('with the whole baseline when its hours are not known, and the reason is said', async () => {
    const baseline = await accept(2);
    expect(referenceFor(baseline, seven)).toEqual({
      reference: baseline.reference,
      seasonal: false,
      note: expect.stringMatching(
        /^seasonal reference: the baseline has no hourly profiles: .* fewer than 3 days/,
      ),
    });
  });
});
