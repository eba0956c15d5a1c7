import { expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { createAdminHandler } from './handler.ts';

async function ask(deps: ReturnType<typeof memoryDeps>, version: string) {
  const event = {
    httpMethod: 'GET',
    resource: '/models/{model}/versions/{version}',
    pathParameters: { model: 'small', version },
    headers: {},
  };
  const answer = await createAdminHandler(deps)(event as unknown as HttpEvent);
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

test('a version is shown with its trainer, parity, importances and evaluation', async () => {
  const deps = memoryDeps();
  const champion = await registerSmall(deps, smallRecord());
  const { body } = await ask(deps, champion);
  expect(body).toMatchObject({
    model: 'small',
    version: champion,
    champion: true,
    trainer: { kind: 'gbdt' },
    parity: { max_relative: expect.any(Number) },
    evaluation: { task: 'regression', intervals: { rmse: [expect.any(Number), expect.any(Number)] } },
  });
  expect(body.importance[0].share).toBeGreaterThan(0);
});

test('without its evaluation, or its files, the rest is shown all the same', async () => {
  const deps = memoryDeps();
  const champion = await registerSmall(deps, smallRecord());
  deps.objects.lose(objectKeys.version('small', champion, 'evaluation.json'));
  expect((await ask(deps, champion)).body).toMatchObject({ trainer: { kind: 'gbdt' } });
  deps.objects.lose(objectKeys.version('small', champion, 'manifest.json'));
  const { status, body } = await ask(deps, champion);
  expect(status).toBe(200);
  expect(body).toMatchObject({ version: champion, status: 'READY' });
  expect(body.trainer).toBeUndefined();
});

test('an unknown version is a 404 that names it', async () => {
  const deps = memoryDeps();
  await registerSmall(deps, smallRecord());
  expect(await ask(deps, 'v9')).toMatchObject({
    status: 404,
    body: { detail: 'model "small" has no version "v9"' },
  });
});
