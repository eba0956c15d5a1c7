import { describe, expect, test } from 'vitest';
import { checkRow } from './check-row.ts';
import {
  type Feature,
  isInput,
  type ModelSchema,
  modelColumns,
  modelSchemaSchema,
  schemaHash,
} from './feature-schema.ts';
import { contextOf, rowsToColumns, tokenColumns } from './rows.ts';

const amount: Feature = { name: 'amount', kind: 'numeric' };
const of = (...features: readonly Feature[]): ModelSchema => ({ features, target: { name: 'y' } });
const faultOf = (...features: readonly Feature[]) =>
  modelSchemaSchema.safeParse(of(...features)).error?.issues[0]?.message;

describe('a feature about a person', () => {
  test.each(['numeric', 'categorical', 'datetime', 'id'] as const)(
    'may be %s, and is no input of the model whichever it is',
    (kind) => {
      const schema = of(amount, { name: 'born', kind, pii: true });
      expect(modelSchemaSchema.safeParse(schema).success).toBe(true);
      expect(modelColumns(schema).map(({ name }) => name)).toEqual(['amount']);
      expect(rowsToColumns(schema, [{ amount: 1, born: 'tok_a' }]).columns).toHaveLength(1);
      expect(schema.features.filter(isInput)).toEqual([amount]);
    },
  );

  test('cannot be an image, nor all there is, nor tell in the schema what its values are', () => {
    const image = {
      width: 8,
      height: 8,
      channels: 1,
      layout: 'NCHW',
      scale: 1,
      store_inputs: false,
    } as const;
    expect(faultOf({ name: 'face', kind: 'image', image, pii: true })).toMatch(
      /^"face" is an image: an image cannot be pii/,
    );
    expect(faultOf({ name: 'phone', kind: 'categorical', pii: true }, { name: 'user', kind: 'id' })).toBe(
      'every feature is pii or an id: no input is left for a model',
    );
    expect(faultOf(amount, { name: 'phone', kind: 'categorical', values: ['1'], pii: true })).toBe(
      '"phone" is pii: "values" would keep what its values are; leave it out',
    );
    expect(faultOf(amount, { name: 'born', kind: 'datetime', baseline: '1990-01-01', pii: true })).toMatch(
      '"baseline" would keep',
    );
  });

  test('cannot have the name of an input: a date has columns of its parts', () => {
    expect(
      faultOf({ name: 'day', kind: 'datetime' }, { name: 'day_hour', kind: 'categorical', pii: true }),
    ).toMatch('both give the model a column "day_hour"');
  });

  test('makes the schema another one; a schema without has the hash it had', () => {
    const plain = of(amount, { name: 'phone', kind: 'categorical' });
    expect(schemaHash(plain)).toBe('784bdf5490ddae8f');
    expect(schemaHash(of(amount, { name: 'phone', kind: 'categorical', pii: true }))).not.toBe(
      schemaHash(plain),
    );
  });

  test('is watched by its tokens, unless it is an id; of a date no days are counted', () => {
    const schema = of(
      amount,
      { name: 'born', kind: 'datetime', pii: true },
      { name: 'user', kind: 'id', pii: true },
    );
    expect(tokenColumns(schema, [{ amount: 1, born: 'tok_a', user: 'tok_b' }, { born: null }])).toEqual([
      { kind: 'categorical', name: 'born', values: ['tok_a', null] },
    ]);
    const [, born] = schema.features;
    expect(contextOf(of({ ...born!, baseline: '2026-01-01' }), { born: '2026-02-01' })).toEqual({});
  });
});

describe('a row with a person', () => {
  const schema = of(
    amount,
    { name: 'phone', kind: 'numeric', pii: true },
    { name: 'user', kind: 'id', pii: true },
  );
  const faults = (features: unknown) => {
    const checked = checkRow(schema, features, '/features');
    return checked.ok ? [] : checked.faults.map(({ pointer, detail }) => `${pointer}: ${detail}`);
  };

  test.each([['+44 7700 900123'], [447700900123], [true], [null]])(
    'may say %j, whatever its kind',
    (phone) => {
      expect(faults({ amount: 1, phone })).toEqual([]);
    },
  );

  test('is refused for another type or a text of more than 1024 characters, and no fault shows it', () => {
    const secret = '07700900123';
    expect(faults({ amount: 1, phone: [secret] })).toEqual([
      '/features/phone: a string or a finite number is expected, got an array',
    ]);
    expect(faults({ amount: 1, phone: { secret } })[0]).toMatch(/got an object$/);
    expect(faults({ amount: 1, phone: secret.padEnd(1025) })).toEqual([
      '/features/phone: at most 1024 characters are allowed, got 1025',
    ]);
    expect(faults({ amount: 1, phone: secret.padEnd(1024) })).toEqual([]);
    expect(faults(secret)).toEqual(['/features: an object of features is expected, got a string']);
    expect(faults({ amount: 1 })).toEqual([
      '/features/phone: missing; send a string or number, or null when it is not known',
    ]);
  });
});
