/** The table beside a folder of images: which file has which label. */
import { InvalidDataError } from '../errors.ts';
import { parseCsv } from '../schema/csv.ts';

export interface ImageTable {
  /** The second column's name: what the label says of an image. */
  readonly target: string;
  /** In the order of the table; no file is there twice. */
  readonly files: readonly {
    /** Path within the folder. */
    readonly file: string;
    /** Empty where it is not known. */
    readonly label: string;
    /** Of the table, counted from 1. */
    readonly line: number;
  }[];
}

/**
 * Reads a CSV file with a header: a file's path within the folder, then its label.
 *
 * @throws InvalidDataError for a table that has not two columns, or names a file outside the folder or one twice
 * @example readImageTable('file,label\n0.png,zero\n').files // [{ file: '0.png', label: 'zero', line: 2 }]
 */
export function readImageTable(text: string): ImageTable {
  const { header, rows, lines } = parseCsv(text);
  const target = header[1];
  if (header.length !== 2 || target === undefined)
    throw new InvalidDataError(
      `labels: ${header.length} columns (${header.join(', ')}); file and label are expected`,
    );
  const seen = new Set<string>();
  const files = rows.map(([file = '', label = ''], at) => {
    const line = lines[at]!;
    if (file === '' || file.startsWith('/') || file.split(/[/\\]/).includes('..'))
      throw new InvalidDataError(
        `labels: line ${line}: ${JSON.stringify(file)} is not a file within the folder`,
      );
    if (seen.has(file)) throw new InvalidDataError(`labels: line ${line}: "${file}" is there twice`);
    seen.add(file);
    return { file, label, line };
  });
  return { target, files };
}
