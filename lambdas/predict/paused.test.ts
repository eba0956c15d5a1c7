import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { changePause } from '#shared/registry/pause.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { createPredictHandler } from './handler.ts';

const { features } = smallRows(1, 1)[0]!;

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps();
  await registerSmall(deps, smallRecord());
});

const turn = (paused: boolean) =>
  changePause(deps, 'small', { paused, actor: 'ann', reason: 'labels look wrong' });

describe('a paused model', () => {
  test.each(['/models/{model}/predict/batch', '/predict/batch'])(
    'refuses batches of %s at once with who, since when and why, and answers single rows; resumed, it answers both',
    async (resource) => {
      const handler = createPredictHandler(deps);
      const send = async (path: string, body: unknown) => {
        const pathParameters = path.includes('{') ? { model: 'small' } : null;
        const event = {
          httpMethod: 'POST',
          resource: path,
          pathParameters,
          headers: {},
          body: JSON.stringify(body),
        };
        return handler(event as unknown as HttpEvent);
      };
      const batch = () => send(resource, { instances: [{ features }] });
      expect((await batch()).statusCode).toBe(200);
      await turn(true);
      const refused = await batch();
      expect([refused.statusCode, refused.headers]).toEqual([
        503,
        { 'content-type': 'application/problem+json', 'retry-after': '300' },
      ]);
      expect(JSON.parse(refused.body)).toMatchObject({
        detail:
          'batch predictions of "small" are paused since 2026-11-21T12:00:00.000Z by ann: labels look wrong; single predictions go on, and an operator resumes batches',
        paused: { since: '2026-11-21T12:00:00.000Z', actor: 'ann', reason: 'labels look wrong' },
      });
      expect((await send(resource.replace('/batch', ''), { features })).statusCode).toBe(200);
      await turn(false);
      expect((await batch()).statusCode).toBe(200);
    },
  );

  test('answers batches while the store cannot say that it is paused', async () => {
    const handler = createPredictHandler(deps);
    const event = {
      httpMethod: 'POST',
      resource: '/models/{model}/predict/batch',
      pathParameters: { model: 'small' },
      headers: {},
      body: JSON.stringify({ instances: [{ features }] }),
    } as unknown as HttpEvent;
    await handler(event);
    Object.assign(deps.state, {
      get: async () => {
        throw new Error('the table is away');
      },
    });
    expect((await handler(event)).statusCode).toBe(200);
    expect(deps.logged).toContainEqual(
      expect.objectContaining({ message: 'whether batches are paused could not be read; they go on' }),
    );
  });
});
