import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { prometheusProblem, startPrometheus } from './prometheus.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-no-prometheus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that says so much of itself, then ends. */
function programThat(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
const saying = (version: string) =>
  programThat(`of-${version}`, `echo "prometheus, version ${version} (branch: HEAD, revision: abc)"`);

describe('a prometheus', () => {
  test.each(['2.42.0+ds', '2.53.1', '3.0.0-rc.1', '10.1.0'])('of version %s will do', async (version) => {
    expect(await prometheusProblem(saying(version))).toBeUndefined();
  });

  test.each(['2.41.0', '1.99.9', '2.5.0'])('of version %s is too old, and is told', async (version) => {
    expect(await prometheusProblem(saying(version))).toEqual({
      isMissing: false,
      text: expect.stringMatching(new RegExp(`is ${version}: 2.42 or later is needed$`)),
    });
  });

  test('that is not there, or does not run, is told apart', async () => {
    expect(await prometheusProblem(join(folder, 'nowhere'))).toMatchObject({ isMissing: true });
    const broken = programThat('broken', 'echo "no such library" >&2; exit 127');
    expect(await prometheusProblem(broken)).toMatchObject({
      isMissing: false,
      text: expect.stringContaining('does not run'),
    });
    expect(await prometheusProblem(programThat('other', 'echo hello'))).toMatchObject({
      text: expect.stringContaining('does not run: hello'),
    });
  });

  test('that hangs, and is deaf to being asked to end, is given up', async () => {
    const hanging = programThat('hanging', 'trap "" TERM; while :; do sleep 0.1; done');
    expect(await prometheusProblem(hanging, 200)).toEqual({
      isMissing: false,
      text: expect.stringContaining('did not say its version within 0.2 s'),
    });
  });
});

describe('a prometheus beside a host', () => {
  const options = { hostUrl: 'http://127.0.0.1:1', port: 0 };

  test('that does not end when it is asked to is ended', async () => {
    const deaf = programThat(
      'deaf',
      `exec ${process.execPath} -e '
        process.on("SIGTERM", () => {});
        const port = process.argv.find((word) => word.includes("listen-address")).split(":").at(-1);
        require("node:http").createServer((_, response) => response.end()).listen(port, "127.0.0.1");' -- "$@"`,
    );
    const dataDir = join(folder, 'deaf-data');
    const running = await startPrometheus({ ...options, dataDir, program: deaf, graceMs: 300 });
    expect(process.kill(running.pid, 0)).toBe(true);
    await running.stop();
    expect(() => process.kill(running.pid, 0)).toThrow('ESRCH');
  });

  test('whose number cannot be noted is ended again', async () => {
    const dataDir = join(folder, 'no-note');
    mkdirSync(join(dataDir, 'prometheus', 'prometheus.pid'), { recursive: true });
    const noting = programThat('noting', 'while :; do sleep 0.1; done');
    await expect(startPrometheus({ ...options, dataDir, program: noting })).rejects.toThrow('EISDIR');
    expect(execFileSync('ps', ['-A', '-ww', '-o', 'command='], { encoding: 'utf8' })).not.toContain(dataDir);
  });
});
