import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelSchema } from '../schema/feature-schema.ts';
import type { FeatureValue } from '../schema/rows.ts';
import { presenceOf, sentValue, unknownToken, withoutPii } from './presence.ts';
import { createTokeniser } from './tokeniser.ts';

const schema: ModelSchema = {
  features: [
    { name: 'amount', kind: 'numeric' },
    { name: 'phone', kind: 'categorical', pii: true },
    { name: 'mail', kind: 'categorical', pii: true },
    { name: 'user', kind: 'id', pii: true },
  ],
  target: { name: 'y' },
};
const key = '0123456789'.repeat(4);

async function token(value: FeatureValue, { feature = 'phone', model = 'loans', with: own = key } = {}) {
  const tokenise = await createTokeniser({ piiKey: async () => own }, model, schema);
  return tokenise({ amount: 1, [feature]: value })[feature];
}

describe('a token', () => {
  test('is the first 16 bytes of the HMAC-SHA-256 of form, model, feature and text', async () => {
    // printf '%s' '["tidemark-pii-1","loans","phone","+44 20 7946 0018"]' | openssl dgst -sha256 -hmac "$key" -binary | head -c 16 | base64
    expect(await token('+44 20 7946 0018')).toBe('tok_qMlMwmTu-ySAQQ7aLDVgfw');
  });

  test('is one for every text a person writes: composed or not, with spaces around it, as a number', async () => {
    expect(await token('  Zoë ')).toBe(await token('Zoe\u0308'));
    expect(await token(4711)).toBe(await token('4711'));
    expect(await token('Zoe')).not.toBe(await token('zoe'));
  });

  test('is another for another feature, model or key: what is stored of two models cannot be joined', async () => {
    const tokens = await Promise.all([
      token('a'),
      token('a', { feature: 'mail' }),
      token('a', { model: 'cards' }),
      token('a', { with: key.replaceAll('0', '1') }),
    ]);
    expect(new Set(tokens).size).toBe(4);
  });

  test('is none where nothing was sent: null and blank text are missing, an absent id stays absent', async () => {
    expect([await token(null), await token(''), await token(' \t')]).toEqual([null, null, null]);
    const tokenise = await createTokeniser({ piiKey: async () => key }, 'loans', schema);
    expect(tokenise({ amount: 2, phone: null, mail: null })).toEqual({ amount: 2, phone: null, mail: null });
  });

  test('is of no two of many texts the same, and has nothing of the text in it', async () => {
    const tokenise = await createTokeniser({ piiKey: async () => key }, 'loans', schema);
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{6,20}$/), { minLength: 2 }), (texts) => {
        const tokens = texts.map((phone) => String(tokenise({ phone }).phone));
        expect(new Set(tokens).size).toBe(texts.length);
        for (const [at, one] of tokens.entries()) {
          expect(one).toMatch(/^tok_[\w-]{22}$/);
          expect(one).not.toContain(texts[at]);
        }
      }),
    );
  });
});

describe('the key', () => {
  test('is not asked for by a model that has nothing to hide', async () => {
    const plain = { features: schema.features.slice(0, 1) };
    const piiKey = async () => {
      throw new Error('asked');
    };
    const tokenise = await createTokeniser({ piiKey }, 'loans', plain);
    expect(tokenise({ amount: 1 })).toEqual({ amount: 1 });
  });

  test.each([
    ['there is none', undefined, 'no key'],
    ['it has 31 characters', 'x'.repeat(31), 'a key of fewer than 32 characters'],
  ])('makes no tokens when %s', async (_, given, reason) => {
    await expect(createTokeniser({ piiKey: async () => given }, 'loans', schema)).rejects.toMatchObject({
      status: 503,
      message: `"phone" of model "loans" is pii, and this deployment has ${reason} to tokenise it with`,
    });
  });

  test('of 32 characters does', async () => {
    await expect(
      createTokeniser({ piiKey: async () => 'x'.repeat(32) }, 'loans', schema),
    ).resolves.toBeTypeOf('function');
  });
});

describe('a row from outside the deployment', () => {
  test('may say that a value was there, and not which', () => {
    expect(sentValue(schema, { amount: 1, phone: true, mail: null })).toBeUndefined();
    expect(sentValue(schema, { amount: 1, phone: true, mail: 'a@example.com' })).toBe('mail');
    expect(sentValue(schema, { amount: 1, phone: false })).toBe('phone');
    expect(presenceOf(schema, { amount: 1, phone: 'true', mail: null })).toEqual({
      amount: 1,
      phone: unknownToken,
      mail: null,
    });
  });

  test('has no person in it where none is needed', () => {
    expect(withoutPii(schema, { amount: 1, phone: 'a', mail: null, user: 'b' })).toEqual({ amount: 1 });
  });
});
