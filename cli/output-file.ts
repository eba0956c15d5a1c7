/** Where a command writes its file: whole or not at all, at the end of a link, and straight into what is no file. */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** As many as the kernel follows. */
const MOST_LINKS = 40;

/**
 * Replaces a file by a draft beside it, so that a reader never sees half of it; a link stays a link, and its target is
 * what is replaced. A pipe or a device is written into.
 *
 * @throws the file system's own error; then the file is as it was
 * @example writeOutput('report.html', '<!doctype html>…')
 */
export function writeOutput(path: string, content: string | Uint8Array): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there && !there.isFile()) {
    writeFileSync(path, content);
    return;
  }
  const target = endOfLinks(path);
  const draft = draftOf(target);
  try {
    writeFileSync(draft, content, { flag: 'wx' });
    if (there) chmodSync(draft, there.mode);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Whether {@link writeOutput} could write there now, for saying so before long work. Leaves nothing behind.
 *
 * @throws the file system's own error if not
 */
export function checkOutput(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there) accessSync(path, constants.W_OK);
  if (there && !there.isFile()) return;
  const draft = draftOf(endOfLinks(path));
  writeFileSync(draft, '', { flag: 'wx' });
  rmSync(draft);
}

/** Also of a link to a file that is not there yet, which `realpath` refuses. */
function endOfLinks(path: string): string {
  let end = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    if (!lstatSync(end, { throwIfNoEntry: false })?.isSymbolicLink()) return end;
    end = resolve(realpathSync(dirname(end)), readlinkSync(end));
  }
  throw new Error(`more than ${MOST_LINKS} links in a row`);
}

function draftOf(target: string): string {
  // a name of its own: the file's may be as long as the file system takes
  return join(dirname(target), `.tidemark-${randomBytes(6).toString('hex')}`);
}
