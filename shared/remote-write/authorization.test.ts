import { expect, test } from 'vitest';
import { memoryDeps } from '../testing/memory-deps.ts';
import { createAuthorization } from './authorization.ts';

const address = 'https://mimir.example.com/api/v1/push';
const headersOf = async (secrets: Readonly<Record<string, string>>, given = address) => {
  const env = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`SECRET_${name}`, value]));
  const url = new URL(given);
  return createAuthorization(memoryDeps(env), url).sign({ method: 'POST', url, headers: { a: 'b' } });
};
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const token = 'remote-write-bearer-token';
const pair = 'remote-write-basic-auth';

test('without a secret nothing is added', async () => {
  expect(await headersOf({})).toEqual({ a: 'b' });
  expect(await headersOf({ [token]: ' \n', [pair]: '' })).toEqual({ a: 'b' });
});

test('a token is sent as Bearer, a user and password as Basic, and the end of their line is not', async () => {
  expect(await headersOf({ [token]: 'glc_abc/+=\n' })).toEqual({
    a: 'b',
    authorization: 'Bearer glc_abc/+=',
  });
  expect(await headersOf({ [pair]: 'ann:pä:ss wörd' })).toEqual({
    a: 'b',
    authorization: basic('ann:pä:ss wörd'),
  });
});

test('user and password of the address are decoded, and come before secrets', async () => {
  const given = 'https://us%40er:p%3Ass%2F@mimir.example.com/';
  expect(await headersOf({ [token]: 'x' }, given)).toMatchObject({ authorization: basic('us@er:p:ss/') });
});

test.each([
  ['both secrets', { [token]: 'secret-1', [pair]: 'a:secret-1' }, 'one is expected'],
  ['a pair without a colon', { [pair]: 'secret-1' }, 'user:password is expected'],
  ['a token that would end the header', { [token]: 'secret-1\r\nx: y' }, 'it is sent in a header'],
])('%s: refused in words that do not hold the secret', async (_, secrets, words) => {
  const error = await headersOf(secrets).catch((error: Error) => error.message);
  expect(error).toContain(words);
  expect(error).not.toContain('secret-1');
});

test('a secret is read once, and anew after it was refused', async () => {
  let reads = 0;
  const deps = memoryDeps();
  const secret = async (name: string) => (name === token ? `t${++reads}` : undefined);
  const { sign, forget } = createAuthorization({ ...deps, secret }, new URL(address));
  const sent = async () => (await sign({ method: 'POST', url: new URL(address), headers: {} })).authorization;
  expect([await sent(), await sent()]).toEqual(['Bearer t1', 'Bearer t1']);
  forget();
  expect(await sent()).toBe('Bearer t2');
});

test('a password of the address is decoded; a percent sign in it that is no encoding is part of it', async () => {
  const sent = async (password: string) =>
    (await headersOf({}, `https://ann:${password}@mimir.example.com/`)).authorization;
  expect(await sent('p%40ss')).toBe(basic('ann:p@ss'));
  expect(await sent('100%')).toBe(basic('ann:100%'));
  expect(await sent('5%zz')).toBe(basic('ann:5%zz'));
});
