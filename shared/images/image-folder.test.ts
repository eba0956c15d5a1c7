import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { greyImage, toPng } from '../testing/images.ts';
import { readImageFolder } from './image-folder.ts';
import { imageSpecSchema } from './image-spec.ts';
import { pixelColumns } from './image-version.ts';

const image = imageSpecSchema.parse({ width: 2, height: 2, channels: 1, scale: 1 });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-folder-'));
  for (let at = 0; at < 40; at++)
    await writeFile(join(folder, `${at}.png`), toPng(greyImage(2, 2, () => at)));
  await writeFile(join(folder, 'notes.txt'), 'not an image');
});
afterAll(() => rm(folder, { recursive: true }));

const read = (labels: string) => readImageFolder({ folder, labels, image });
const labelsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => `${at}.png,${at % 2 ? 'odd' : 'even'}\n`).join('');

describe('readImageFolder', () => {
  test('reads the images in the order of the table, and the classes from it', async () => {
    const found = await read(`file,parity\n${labelsOf(40)}`);
    expect(found.schema.target).toEqual({ name: 'parity', classes: ['even', 'odd'] });
    expect(found.images).toHaveLength(40);
    expect(found.images[3]).toMatchObject({ id: '3.png', at: 3, label: 'odd' });
    expect(found.images[3]!.features).toMatchObject({ image_width: 2, image_brightness: 0.011765 });
    expect(pixelColumns(found.images).columns[0]!.values[3]).toBe(3);
  });

  test('leaves out and names the files it cannot use, up to one in twenty', async () => {
    const labels = `file,parity\n${labelsOf(38)}`;
    const found = await read(`${labels}notes.txt,odd\ngone.png,odd\n`);
    expect(found.images).toHaveLength(38);
    expect(found.faults).toEqual([
      'notes.txt: neither a PNG nor a JPEG file: it starts with 6e 6f 74 20 61 6e 20 69',
      'gone.png: cannot be read (ENOENT)',
    ]);
    await expect(read(`${labels}notes.txt,odd\ngone.png,odd\nmore.png,odd\n`)).rejects.toThrow(
      '3 of 41 files cannot be used; the first: notes.txt',
    );
  });

  test.each([
    ['file,label,more\na.png,x,y\n', '3 columns (file, label, more)'],
    ['file,label\n0.png,x\n1.png,x\n', 'one class ("x")'],
    ['file,label\n0.png,x\n../1.png,y\n', 'line 3: "../1.png" is not a file within the folder'],
    ['file,label\n0.png,x\n/etc/hosts,y\n', 'line 3: "/etc/hosts" is not a file within the folder'],
    ['file,label\n0.png,x\n1.png,\n', 'line 3: "1.png" has no label'],
    ['file,label\n0.png,x\n0.png,y\n', 'line 3: "0.png" is there twice'],
  ])('refuses the table %j', async (labels, message) => {
    await expect(read(labels)).rejects.toThrow(message);
  });
});
