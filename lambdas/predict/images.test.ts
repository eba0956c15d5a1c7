import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { imageKey } from '#shared/images/image-store.ts';
import type { PredictionRecord } from '#shared/log/prediction-log.ts';
import { predictionKey } from '#shared/registry/keys.ts';
import { bars, barsRecord, registerBars } from '#shared/testing/image-model.ts';
import { greyImage, toBase64, toPng } from '#shared/testing/images.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { createPredictHandler } from './handler.ts';

async function serve(image: object = {}) {
  const deps = memoryDeps();
  const version = await registerBars(deps, barsRecord(image));
  const handler = createPredictHandler(deps);
  const send = async (operation: string, body: unknown) => {
    const resource = `/models/{model}/${operation}`;
    const event = { httpMethod: 'POST', resource, pathParameters: { model: 'bars' }, headers: {} };
    const answer = await handler({ ...event, body: JSON.stringify(body) } as unknown as HttpEvent);
    return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(answer.body) };
  };
  const logged = async (id: string) =>
    (await deps.predictions.get(predictionKey('bars', id)))?.value as unknown as PredictionRecord | undefined;
  return { deps, version, send, logged };
}

const upright = toBase64(bars('upright', 5000));
const level = toBase64(bars('level', 5001));
const sha256 = createHash('sha256')
  .update(toPng(bars('upright', 5000)))
  .digest('hex');

describe('an image', () => {
  test('is answered with its class, alone and in a batch, in the order they were sent', async () => {
    const { send, version } = await serve();
    const one = await send('predict', { request_id: 'one', features: { photo: upright, camera: 'c1' } });
    expect(one).toMatchObject({
      status: 200,
      body: { request_id: 'one', model_version: version, predicted_class: 'upright' },
    });
    expect(one.body.confidence).toBeGreaterThan(0.8);
    const batch = await send('predict/batch', {
      instances: [level, upright, level].map((photo) => ({ photo })),
    });
    expect(
      batch.body.predictions.map((answer: { predicted_class: string }) => answer.predicted_class),
    ).toEqual(['level', 'upright', 'level']);
  });

  test('is logged as its hash and its descriptors, never as itself', async () => {
    const { deps, send, logged } = await serve();
    await send('predict', { request_id: 'one', features: { photo: upright, camera: 'c1' } });
    const record = await logged('one');
    expect(record?.features).toEqual({
      camera: 'c1',
      photo_sha256: sha256,
      photo_width: 16,
      photo_height: 16,
      photo_aspect: 1,
      photo_brightness: expect.closeTo(0.55, 1),
      photo_contrast: expect.any(Number),
      photo_sharpness: expect.any(Number),
      photo_orientation_cos: expect.closeTo(1, 1),
      photo_orientation_sin: expect.closeTo(0, 1),
      photo_balance_x: expect.any(Number),
      photo_balance_y: expect.any(Number),
    });
    expect(JSON.stringify(record)).not.toContain(upright.slice(0, 40));
    expect(await deps.objects.list('images/')).toEqual([]);
  });

  test('sent again under its id is a replay; another under the same id is a conflict', async () => {
    const { send } = await serve();
    const features = { photo: upright, camera: 'c1' };
    const first = await send('predict', { request_id: 'one', features });
    const again = await send('predict', {
      request_id: 'one',
      features: { ...features, photo: `data:image/png;base64,${upright}` },
    });
    expect(again).toMatchObject({
      status: 200,
      headers: { 'idempotent-replayed': 'true' },
      body: first.body,
    });
    expect(
      await send('predict', { request_id: 'one', features: { ...features, photo: level } }),
    ).toMatchObject({
      status: 409,
    });
  });

  test('is kept once by its hash where the schema asks for it', async () => {
    const { deps, send } = await serve({ store_inputs: true });
    const instances = [upright, level, upright].map((photo) => ({ photo }));
    await send('predict/batch', { instances });
    expect(await deps.objects.list('images/')).toHaveLength(2);
    expect(Buffer.from((await deps.objects.get(imageKey('bars', sha256)))!)).toEqual(
      toPng(bars('upright', 5000)),
    );
  });
});

describe('what is no image', () => {
  const wide = toBase64(greyImage(2049, 2048, () => 0));
  const cut = upright.slice(0, 200);

  test.each([
    [400, {}, 'missing; send base64 of a PNG or JPEG file'],
    [400, { photo: null }, 'base64 of a PNG or JPEG file is expected, got null'],
    [400, { photo: 7 }, 'base64 of a PNG or JPEG file is expected, got number 7'],
    [400, { photo: 'aGVsbG8=' }, 'neither a PNG nor a JPEG file: it starts with 68 65 6c 6c 6f'],
    [400, { photo: cut }, 'a truncated PNG file: it ends after 150 bytes, before its end chunk'],
    [413, { photo: wide }, '2049 × 2048 is 4196352 pixels; at most 4194304 are allowed'],
  ])('is refused with %i and its place', async (status, features, detail) => {
    const { send, logged } = await serve();
    const answer = await send('predict', { request_id: 'bad', features });
    expect(answer).toMatchObject({ status, body: { errors: [{ pointer: '/features/photo', detail }] } });
    expect(await logged('bad')).toBeUndefined();
  });

  test('fails alone within its batch', async () => {
    const { send } = await serve();
    const photos = [upright, cut, wide, level];
    const { status, body } = await send('predict/batch', { instances: photos.map((photo) => ({ photo })) });
    expect(status).toBe(200);
    expect(body.predictions).toMatchObject([
      { predicted_class: 'upright' },
      { error: { status: 400, errors: [{ pointer: '/instances/1/photo' }] } },
      { error: { status: 413, errors: [{ pointer: '/instances/2/photo' }] } },
      { predicted_class: 'level' },
    ]);
  });

  test('adds up: a request may have four of the largest images and no fifth', async () => {
    const { send } = await serve();
    const large = toBase64(greyImage(2048, 2048, () => 0));
    const { body } = await send('predict/batch', {
      instances: [large, large, large, large, upright].map((photo) => ({ photo })),
    });
    const statuses = body.predictions.map((one: { error?: { status: number } }) => one.error?.status ?? 200);
    expect(statuses).toEqual([200, 200, 200, 200, 413]);
    expect(body.predictions[4].error.errors[0].detail).toContain('too many for one request');
  });
});
