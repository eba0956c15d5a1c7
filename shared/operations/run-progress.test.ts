import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Execution } from '../ports/pipelines.ts';
import { progressOf } from './run-progress.ts';

type Stage = Execution['stages'][number];
const stages = (...names: string[]): Stage[] =>
  names.map((name) => ({ name, status: 'succeeded', startedAt: 0 }));
const statuses = (status: Execution['status'], of: readonly Stage[]) =>
  progressOf({ status, stages: of }).map((one) => `${one.name} ${one.status}`);

interface Machine {
  readonly States: Readonly<Record<string, Machine & { readonly Iterator?: Machine }>>;
}

describe('the stages of a run', () => {
  test('cover every state of the machine but those that only end it', () => {
    const file = new URL('../../statemachines/retrain.asl.json', import.meta.url);
    const { States } = JSON.parse(readFileSync(file, 'utf8')) as Machine;
    const atStart = Object.keys(States).filter(
      (name) => statuses('RUNNING', stages(name))[0] === 'queued running',
    );
    expect(atStart.filter((name) => !/^(Release\w+|Skipped|Finished|Failed)$/.test(name))).toEqual([
      'Normalise',
      'Begin',
      'BeginRoute',
    ]);
  });

  test('are queued at first, then as far as the run is', () => {
    expect(statuses('RUNNING', [])[0]).toBe('queued running');
    expect(
      statuses('RUNNING', stages('Begin', 'Ingest', 'TrainCandidates', 'TrainCandidates[0].Train')),
    ).toEqual([
      'queued done',
      'data done',
      'training running',
      'evaluation waiting',
      'gate waiting',
      'approval waiting',
      'promoted waiting',
    ]);
  });

  test('leave out the approval of a run that needed none', () => {
    const all = stages('Begin', 'Snapshot', 'TrainCandidates', 'Parity', 'Evaluate', 'Gate', 'Promote');
    expect(statuses('SUCCEEDED', all).slice(4)).toEqual(['gate done', 'approval skipped', 'promoted done']);
  });

  test('end where the run ended', () => {
    const failed: Stage = { name: 'TrainCandidates', status: 'failed', startedAt: 0 };
    expect(statuses('FAILED', [...stages('Begin', 'Snapshot'), failed, ...stages('ReleaseFailed')])).toEqual([
      'queued done',
      'data done',
      'training failed',
      'evaluation skipped',
      'gate skipped',
      'approval skipped',
      'promoted skipped',
    ]);
    expect(statuses('SUCCEEDED', stages('Begin', 'Skipped'))[0]).toBe('queued done');
  });
});
