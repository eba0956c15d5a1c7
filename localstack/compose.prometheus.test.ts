/** The files of compose, read by the tools that will read them. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

function run(name: string, missing: string, args: readonly string[], env: object = {}): string {
  const { error, status, stdout, stderr } = spawnSync(name, args, {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, ...env },
  });
  if (error)
    throw new Error(`${name} is not on the PATH: this test needs it (on Debian: apt-get install ${missing})`);
  expect(stderr, stderr).not.toMatch(/invalid/i);
  expect(status, stderr).toBe(0);
  return stdout;
}

const config = (profile: string, ...more: readonly string[]) =>
  run('docker-compose', 'docker-compose', ['-f', file('./compose.yml'), ...more, 'config', '--services'], {
    COMPOSE_PROFILES: profile,
  })
    .trim()
    .split('\n')
    .sort();

const common = ['alertmanager', 'grafana', 'prometheus'];

test.each(['ministack', 'localstack'])('compose.yml is valid, with %s where it is asked for', (profile) => {
  expect(config(profile)).toEqual(expect.arrayContaining([...common, profile]));
});

test('so it is with the file for Linux on top, and without an emulator', () => {
  expect(config('', '-f', file('./compose/linux.yml'))).toEqual(expect.arrayContaining(common));
});

test('promtool accepts the configuration of Prometheus, amtool that of Alertmanager', () => {
  run('promtool', 'prometheus', ['check', 'config', '--syntax-only', file('./compose/prometheus.yml')]);
  run('amtool', 'prometheus-alertmanager', ['check-config', file('./compose/alertmanager.yml')]);
});
