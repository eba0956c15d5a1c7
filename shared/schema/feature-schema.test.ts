import { describe, expect, test } from 'vitest';
import { modelColumns, modelSchemaSchema, monitoredColumns } from './feature-schema.ts';

const image = { width: 8, height: 8, channels: 1 };
const photo = { name: 'photo', kind: 'image', image };
const target = { name: 'kind', classes: ['a', 'b'] };
const parse = (...features: object[]) => modelSchemaSchema.parse({ features, target });

describe('a schema with an image', () => {
  test('gives the graph no column, and monitoring its descriptors and embedding', () => {
    const schema = parse(
      { ...photo, image: { ...image, channels: 3, embedding: 2 } },
      { name: 'id', kind: 'id' },
    );
    expect(modelColumns(schema)).toEqual([]);
    const names = monitoredColumns(schema).map(({ name }) => name);
    expect(names).toContain('photo_sharpness');
    expect(names.slice(-3)).toEqual(['photo_blue_std', 'photo_embedding_0', 'photo_embedding_1']);
  });

  test.each([
    [[{ name: 'photo', kind: 'image' }], '"image" must say what the graph takes'],
    [[{ name: 'size', kind: 'numeric', image }], '"size" is numeric and describes an image'],
    [
      [photo, { name: 'size', kind: 'numeric' }],
      '"size" another input; beside an image only ids are allowed',
    ],
    [[photo, { ...photo, name: 'second' }], '"second" another input'],
  ])('refuses %j', (features, message) => {
    const { error } = modelSchemaSchema.safeParse({ features, target });
    expect(error?.issues.map((issue) => issue.message)).toEqual([expect.stringContaining(message)]);
  });

  test('of tables leaves everything as it was: what is monitored is what the model takes', () => {
    const schema = parse({ name: 'size', kind: 'numeric' }, { name: 'day', kind: 'datetime' });
    expect(monitoredColumns(schema)).toEqual(modelColumns(schema));
  });
});
