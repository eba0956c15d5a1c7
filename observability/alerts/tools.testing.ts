/** Test helper: the real Prometheus tools, which have to be installed for the tests of project `prometheus`. */
import { spawnSync } from 'node:child_process';

const packages: Readonly<Record<string, string>> = {
  promtool: 'prometheus',
  amtool: 'prometheus-alertmanager',
  'prometheus-alertmanager': 'prometheus-alertmanager',
};

/** What it said, on both streams. Throws with that when it fails, and with what to install when it is not there. */
export function runTool(name: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 60_000 });
  if (error) throw new Error(missingTool(name), { cause: error });
  if (status !== 0) throw new Error(`${name} ${args[0]} ended with ${status}:\n${stdout}${stderr}`);
  return stdout + stderr;
}

export const missingTool = (name: string) =>
  `${name} is not on the PATH: these tests need it (on Debian: apt-get install ${packages[name] ?? name})`;
