import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pixels } from '#shared/images/pixels.ts';
import { resize } from '#shared/images/resize.ts';
import { listReports, type ReportEntry } from '#shared/monitoring/report-index.ts';
import { seededRandom } from '#shared/random.ts';
import { greyImage, toBase64 } from '#shared/testing/images.ts';
import { referenceFile } from '#shared/testing/reference-data.ts';
import { type Host, startHost } from './host.ts';
import { type Digit, digitRecord, readDigits, registerDigits } from './image-model.testing.ts';

const path = referenceFile('digits.csv');
const windowMs = 2000;
const env = { GRANULE_MS: '500', GRANULE_GRACE_MS: '200', POINTER_TTL_MS: '60000', LOG_LEVEL: 'error' };

const byteAt = ({ width, height, pixels }: Pixels, x: number, y: number) =>
  x < 0 || y < 0 || x >= width || y >= height ? 0 : pixels[y * width + x]!;

/** Turns by degrees around the middle, between pixels as a camera would see it. */
function rotated(image: Pixels, degrees: number): Pixels {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const middle = (image.width - 1) / 2;
  return greyImage(image.width, image.height, (x, y) => {
    const [dx, dy] = [x - middle, y - middle];
    const [fromX, fromY] = [middle + dx * cos + dy * sin, middle - dx * sin + dy * cos];
    const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
    const [right, below] = [fromX - left, fromY - top];
    const row = (at: number) => (1 - right) * byteAt(image, left, at) + right * byteAt(image, left + 1, at);
    return Math.round((1 - below) * row(top) + below * row(top + 1));
  });
}

const streams: Readonly<Record<string, (image: Pixels) => Pixels>> = {
  clean: (image) => image,
  blurred: (image) => resize(resize(image, 9, 9), image.width, image.height),
  dark: (image) => greyImage(image.width, image.height, (x, y) => 0.35 * byteAt(image, x, y)),
  turned: (image) => rotated(image, 45),
};

describe.runIf(path)('digits as PNG files, sent over HTTP', () => {
  let dataDir: string;
  let host: Host;
  let holdout: readonly Digit[];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-images-'));
    const digits = readDigits(path!);
    holdout = digits.slice(1200);
    const records = Object.keys(streams).map((name) => digitRecord(name, { window_ms: windowMs }));
    await registerDigits(dataDir, records, digits.slice(0, 1200), holdout);
    host = await startHost({ dataDir, port: 0, minuteMs: 300, env });
  });
  afterAll(async () => {
    await host?.close();
    await rm(dataDir, { recursive: true, maxRetries: 5 });
  });

  async function classify(model: string, images: readonly string[]): Promise<string[]> {
    const response = await fetch(`${host.url}/models/${model}/predict/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances: images.map((scan) => ({ scan })) }),
    });
    expect(response.status).toBe(200);
    const { predictions } = (await response.json()) as { predictions: { predicted_class: string }[] };
    return predictions.map((one) => one.predicted_class);
  }

  test('at least 96 % of the held-out ones are recognised', async () => {
    const said = await classify(
      'clean',
      holdout.map(({ picture }) => toBase64(picture)),
    );
    const right = said.filter((label, at) => label === holdout[at]!.label).length;
    expect(right / holdout.length).toBeGreaterThanOrEqual(0.96);
  });

  describe('then three of four streams go bad, each in its own way', () => {
    const reports = new Map<string, readonly ReportEntry[]>();

    beforeAll(async () => {
      await sleep(windowMs - (Date.now() % windowMs));
      const names = Object.keys(streams);
      const sent = names.map((name) => holdout.map(({ picture }) => toBase64(streams[name]!(picture))));
      const random = seededRandom(2);
      for (const end = Date.now() + 4 * windowMs; Date.now() < end; await sleep(400))
        await Promise.all(
          names.map((name, at) =>
            classify(
              name,
              Array.from({ length: 120 }, () => sent[at]![Math.floor(random() * holdout.length)]!),
            ),
          ),
        );
      const deadline = Date.now() + 20_000;
      for (const name of names) {
        const found = () => listReports(host.deps, name, { limit: 10 });
        while ((await found()).length < 4 && Date.now() < deadline) await sleep(100);
        reports.set(name, await found());
      }
    });

    test('the clean one stays calm', () => {
      const kinds = reports.get('clean')!.map(({ outcome }) => outcome.kind);
      expect(kinds.length).toBeGreaterThanOrEqual(4);
      expect(new Set(kinds)).toEqual(new Set(['none']));
    });

    test.each([
      ['blurred', 'scan_sharpness moved down'],
      ['dark', 'scan_brightness moved down'],
      ['turned', 'scan_orientation_(cos|sin) moved (up|down)'],
    ])('the %s one is confirmed as drift, and /%s/ is said before all else of the images', (name, said) => {
      const newest = reports.get(name)!.find(({ outcome }) => outcome.confirmed);
      expect(newest, JSON.stringify(reports.get(name))).toMatchObject({ outcome: { kind: 'drift' } });
      const ofImages = newest!.reasons.filter((reason) => reason.startsWith('scan_'));
      expect(ofImages[0]).toMatch(new RegExp(`^${said} by .* critical`));
    });
  });
});
