/** Object keys as paths: a segment is a folder, the last one a file, and no two keys ever meet, not even `a` and `a/b`. */

/** Ends a file's name; no segment may hold it, so a file never stands where a folder must. */
const FILE_MARK = '!';
/** Ends the folder of a segment that goes on inside, because file systems allow names of 255 bytes only. */
const CONTINUED_MARK = '+';
const MAX_NAME = 200;

/** Where uncommitted files live, outside the names of keys. */
export const SCRATCH_FOLDER = '!tmp';

/**
 * The path of a valid key, parts to be joined by the platform's separator. Upper case is escaped (some file systems do not
 * tell it from lower case), and so is the colon (Windows does not allow it).
 */
export function pathOf(key: string): { readonly folders: readonly string[]; readonly file: string } {
  const segments = key.split('/').map(chunksOf);
  const last = segments.at(-1)!;
  return {
    folders: [...segments.slice(0, -1).flatMap(folderNames), ...last.slice(0, -1).map(continued)],
    file: last.at(-1)! + FILE_MARK,
  };
}

/** The folder that holds every key that starts with `prefix`, and the part of the prefix which that folder stands for. */
export function folderOf(prefix: string): {
  readonly folders: readonly string[];
  readonly keyPrefix: string;
} {
  const end = prefix.lastIndexOf('/') + 1;
  const segments = end === 0 ? [] : prefix.slice(0, end - 1).split('/');
  return {
    folders: segments.flatMap((segment) => folderNames(chunksOf(segment))),
    keyPrefix: prefix.slice(0, end),
  };
}

export type NameKind = 'file' | 'folder' | 'continued';

/** What a directory entry stands for; undefined for what this store did not write. */
export function readName(
  name: string,
  isFolder: boolean,
): { readonly kind: NameKind; readonly text: string } | undefined {
  if (!isFolder)
    return name.endsWith(FILE_MARK) ? { kind: 'file', text: decode(name.slice(0, -1)) } : undefined;
  if (name.endsWith(FILE_MARK) || name === SCRATCH_FOLDER) return undefined;
  if (name.endsWith(CONTINUED_MARK)) return { kind: 'continued', text: decode(name.slice(0, -1)) };
  return { kind: 'folder', text: decode(name) };
}

function folderNames(chunks: readonly string[]): string[] {
  return [...chunks.slice(0, -1).map(continued), chunks.at(-1)!];
}

function continued(chunk: string): string {
  return chunk + CONTINUED_MARK;
}

/** Cut by characters of the key, so that the chunks of a longer key start like those of a shorter one. */
function chunksOf(segment: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < segment.length; at += MAX_NAME / 2)
    chunks.push(encode(segment.slice(at, at + MAX_NAME / 2)));
  return chunks;
}

function encode(text: string): string {
  return text.replace(/[A-Z:]/g, (character) => (character === ':' ? '^;' : `^${character.toLowerCase()}`));
}

function decode(name: string): string {
  return name.replace(/\^(.)/g, (_, character: string) =>
    character === ';' ? ':' : character.toUpperCase(),
  );
}
