/** MiniStack from PyPI, in a virtual environment of its own in this checkout. */
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LocalCloudError } from './local-cloud-error.ts';

/** Pinned: what works, and what is missing, is known of this release. */
const ministackVersion = '1.4.21';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
/** The virtual environment, and what instances and deployments write. */
export const cloudFolder = join(projectRoot, '.tidemark', 'cloud');

const run = promisify(execFile);

/**
 * Makes the virtual environment unless it is there; `pip` asks PyPI only then.
 *
 * @returns the `ministack` program
 */
export async function installMiniStack(): Promise<string> {
  const folder = join(cloudFolder, `ministack-${ministackVersion}`);
  const program = join(folder, 'bin', 'ministack');
  if (existsSync(program)) return program;
  rmSync(folder, { recursive: true, force: true });
  try {
    await run('python3', ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(join(folder, 'bin', 'python'), [...pip, `ministack==${ministackVersion}`]);
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    const { stderr, message } = cause as { readonly stderr?: string; readonly message: string };
    throw new LocalCloudError(
      `ministack ${ministackVersion} cannot be installed; it needs Python 3.10 or newer with venv (on Debian: apt-get install python3-venv) and PyPI: ${stderr?.trim() || message}`,
      { cause },
    );
  }
  return program;
}
