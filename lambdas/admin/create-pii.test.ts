import { expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { createModel } from './create-model.ts';

const create = (env: Readonly<Record<string, string>>, feature: object) =>
  createModel(memoryDeps(env), {
    httpMethod: 'POST',
    resource: '/models',
    headers: {},
    body: JSON.stringify({
      name: 'loans',
      actor: 'ana',
      schema: { features: [{ name: 'amount', kind: 'numeric' }, feature], target: { name: 'y' } },
    }),
  } as unknown as HttpEvent);

const phone = { name: 'phone', kind: 'categorical', pii: true };

test('a model with a pii feature is registered where there is a key to tokenise it with', async () => {
  expect((await create({ PII_KEY: 'available' }, phone)).statusCode).toBe(201);
});

test('where there is none it is refused, and told how there would be; a model without one is not', async () => {
  await expect(create({}, phone)).rejects.toMatchObject({
    status: 422,
    message:
      'feature "phone" is pii, and this deployment has no key to tokenise it with: deploy it with "-c pii=true", or exclude the feature',
  });
  expect((await create({}, { name: 'term', kind: 'numeric' })).statusCode).toBe(201);
});

test('a schema that would keep the values is refused by the member that does', async () => {
  await expect(
    create({ PII_KEY: 'available' }, { ...phone, values: ['07700 900123'] }),
  ).rejects.toMatchObject({
    status: 400,
  });
});

test('the key of the tokens is no connection of a data source', async () => {
  const event = {
    httpMethod: 'POST',
    resource: '/models',
    headers: {},
    body: JSON.stringify({
      name: 'loans',
      actor: 'ana',
      schema: { features: [{ name: 'amount', kind: 'numeric' }], target: { name: 'y' } },
      retrain: { source: { kind: 'postgres', secret: 'pii-key', query: 'select 1' } },
    }),
  } as unknown as HttpEvent;
  await expect(createModel(memoryDeps(), event)).rejects.toMatchObject({ status: 400 });
});
