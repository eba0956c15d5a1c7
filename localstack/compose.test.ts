import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const compose = read('./compose.yml');
const lines = compose.split('\n').map((line) => line.trim());

describe('compose.yml', () => {
  test('publishes on the loopback of this computer only', () => {
    const ports = compose.match(/ports: \[.*\]/g) ?? [];
    expect(ports).toHaveLength(5);
    for (const port of ports) expect(port).toMatch(/^ports: \["127\.0\.0\.1:(\d+):\1"\]$/);
  });

  test('pins every image to a version', () => {
    const images = lines.filter((line) => line.startsWith('image:'));
    expect(images).toHaveLength(5);
    for (const image of images) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  test('mounts files of this computer for reading only, but for the socket LocalStack starts functions with', () => {
    const mounts = compose.match(/(?<=[ "])(\.{1,2}\/|\/var)[\w./]*:\/[\w./]+(:ro)?/g) ?? [];
    expect(mounts.length).toBeGreaterThanOrEqual(7);
    expect(mounts.filter((mount) => !mount.endsWith(':ro'))).toEqual([
      '/var/run/docker.sock:/var/run/docker.sock',
    ]);
  });

  test('holds no secret: nobody can sign in, so there is no password', () => {
    expect(compose).not.toMatch(/password|token:|secret_key|api_key/i);
    expect(compose).toContain('GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true"');
  });

  test('runs the emulator that local:up installs without Docker, in the same version', () => {
    const version = /ministackVersion = '(.*)'/.exec(read('./cloud/install.ts'))?.[1];
    expect(compose).toContain(`ministackorg/ministack:${version}`);
  });

  test('says of every service when it is healthy', () => {
    expect(lines.filter((line) => line === 'healthcheck:')).toHaveLength(5);
  });
});

test('on Linux each of the three listens on loopback itself', () => {
  const linux = read('./compose/linux.yml');
  expect(linux.match(/network_mode: host/g)).toHaveLength(3);
  expect(linux).toContain('--web.listen-address=127.0.0.1:9090');
  expect(linux).toContain('--web.listen-address=127.0.0.1:9093');
  expect(linux).toContain('GF_SERVER_HTTP_ADDR: 127.0.0.1');
});

test('Grafana refers to Prometheus by the uid that dashboards use', () => {
  expect(read('./compose/grafana/datasources/tidemark.yml')).toContain('uid: tidemark-prometheus');
});
