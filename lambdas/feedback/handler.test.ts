import { expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { createModel } from '#shared/registry/registry.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { createFeedbackHandler } from './handler.ts';

/** Sends labels to a model of these classes; without classes to a regression model. */
async function answersFor(classes: readonly string[] | undefined, labels: readonly unknown[]) {
  const deps = memoryDeps();
  const record = smallRecord({ task: classes ? 'classification' : 'regression' });
  const target = { ...record.schema.target, ...(classes ? { classes: [...classes] } : {}) };
  await createModel(deps, { ...record, schema: { ...record.schema, target } });
  const body = JSON.stringify(labels.map((label, at) => ({ request_id: `r${at}`, label })));
  const event = { httpMethod: 'POST', pathParameters: { model: 'small' }, headers: {}, body };
  const answer = await createFeedbackHandler(deps)(event as unknown as HttpEvent);
  return JSON.parse(answer.body) as { accepted: number; results: Record<string, unknown>[] };
}

const known = (answer: Awaited<ReturnType<typeof answersFor>>) =>
  answer.results.map((one) => one.known_class ?? true);

test('1, 1.0, "1" and "1.0" are all the class "1"', async () => {
  const answer = await answersFor(['0', '1'], [1, 1.0, '1', '1.0', '0.0']);
  expect(answer.accepted).toBe(5);
  expect(known(answer)).toEqual([true, true, true, true, true]);
});

test('a text that is a class as it stands is that class', async () => {
  expect(known(await answersFor(['1', '1.0'], ['1.0', '1', '1.00']))).toEqual([true, true, true]);
});

test('a class the model does not know is accepted, and the answer says so', async () => {
  const answer = await answersFor(['0', '1'], [2, '2.0', 'one', '1']);
  expect(answer.accepted).toBe(4);
  expect(known(answer)).toEqual([false, false, false, true]);
});

test('a number has no class to be known', async () => {
  const answer = await answersFor(undefined, [17.5]);
  expect(answer.results[0]).not.toHaveProperty('known_class');
});
