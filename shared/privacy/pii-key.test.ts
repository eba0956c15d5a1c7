import { expect, test } from 'vitest';
import { rememberedKey } from './pii-key.ts';

test('a key is read once, however many ask at once', async () => {
  let reads = 0;
  const piiKey = rememberedKey(async () => `key ${++reads}`);
  expect(await Promise.all([piiKey(), piiKey()])).toEqual(['key 1', 'key 1']);
  expect(await piiKey()).toBe('key 1');
});

test('what could not be read, or was not there yet, is read again', async () => {
  const answers = [new Error('throttled'), undefined, 'key'];
  const piiKey = rememberedKey(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  await expect(piiKey()).rejects.toThrow('throttled');
  expect(await piiKey()).toBeUndefined();
  expect(await piiKey()).toBe('key');
});
