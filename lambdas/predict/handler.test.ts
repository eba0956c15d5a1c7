import { expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { ValueTooLargeError } from '#shared/ports/errors.ts';
import { predictionKey } from '#shared/registry/keys.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { createPredictHandler } from './handler.ts';

test('a row too large to be logged is refused with 413: alone, or by itself within its batch', async () => {
  const deps = memoryDeps();
  await registerSmall(deps, smallRecord());
  const large = predictionKey('small', 'large').pk;
  deps.predictions.beforeWrite = ({ pk }) => {
    if (pk === large) throw new ValueTooLargeError(400_000, 358_400, pk);
  };
  const handler = createPredictHandler(deps);
  const send = async (operation: string, body: unknown) => {
    const resource = `/models/{model}/${operation}`;
    const event = { httpMethod: 'POST', resource, pathParameters: { model: 'small' }, headers: {} };
    const answer = await handler({ ...event, body: JSON.stringify(body) } as unknown as HttpEvent);
    return { status: answer.statusCode, body: JSON.parse(answer.body) };
  };
  const [row] = smallRows(1, 1);
  const { features } = row!;
  const detail =
    'the log item of request_id "large" has 400000 bytes; items of at most 358400 bytes can be logged';

  const single = await send('predict', { request_id: 'large', features });
  expect(single).toMatchObject({ status: 413, body: { request_id: 'large', detail } });

  const instances = ['before', 'large', 'after'].map((request_id) => ({ request_id, features }));
  const batch = await send('predict/batch', { instances });
  expect(batch).toMatchObject({
    status: 200,
    body: {
      predictions: [
        { request_id: 'before', prediction: expect.any(Number) },
        { request_id: 'large', error: { status: 413, detail } },
        { request_id: 'after', prediction: expect.any(Number) },
      ],
    },
  });
  expect(deps.spooled).toEqual([]);
});
