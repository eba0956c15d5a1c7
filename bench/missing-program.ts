/** What a benchmark says that needs programs which are not here. */
import { spawnSync } from 'node:child_process';

export class MissingProgramError extends Error {
  override readonly name = 'MissingProgramError';
}

/** @throws MissingProgramError naming all that are missing */
export function needPrograms(names: readonly string[]): void {
  const missing = names.filter((name) => spawnSync(name, ['--version']).error);
  if (missing.length > 0)
    throw new MissingProgramError(
      `not on the PATH: ${missing.join(', ')} (on Debian: apt-get install ${missing.join(' ')})`,
    );
}
