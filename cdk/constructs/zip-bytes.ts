// The size of an asset as it would be uploaded, without writing it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { deflateRawSync } from 'node:zlib';

// Sizes of the records around the data in a zip without extra fields (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16); each carries the name.
const localHeader = 30;
const centralHeader = 46;
const endOfDirectory = 22;

/**
 * Bytes of a zip of all files below a folder.
 *
 * @param level of deflate, 1 to 9
 */
export function zipBytes(folder: string, level: number): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ name: relative(folder, file), data: readFileSync(file) }))
    .reduce(
      (sum, { name, data }) =>
        sum + deflateRawSync(data, { level }).length + localHeader + centralHeader + 2 * name.length,
      endOfDirectory,
    );
}
