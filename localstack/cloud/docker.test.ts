import { expect, test } from 'vitest';
import { composeArguments } from './docker.ts';

const filesFor = (platform: NodeJS.Platform) =>
  composeArguments(platform, ['up', '--wait']).filter((word) => word.endsWith('.yml'));

test('only on Linux do containers share the network of the host, whose loopback they do not reach there', () => {
  expect(filesFor('darwin').map((name) => name.split('/localstack/')[1])).toEqual(['compose.yml']);
  expect(filesFor('linux').map((name) => name.split('/localstack/')[1])).toEqual([
    'compose.yml',
    'compose/linux.yml',
  ]);
});

test('the command of compose comes last', () => {
  expect(composeArguments('linux', ['up', '--wait']).slice(-2)).toEqual(['up', '--wait']);
});
