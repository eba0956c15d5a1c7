import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { readStages } from './execution-stages.ts';

/** One event a millisecond, in order; `[type, previousEventId, details]`, ids from 1. */
type Shorthand = readonly [type: string, previous: number, details?: Partial<HistoryEvent>];

function history(...events: readonly Shorthand[]): HistoryEvent[] {
  return events.map(([type, previousEventId, details], index) => ({
    id: index + 1,
    previousEventId,
    timestamp: new Date(index + 1),
    type: type as NonNullable<HistoryEvent['type']>,
    ...details,
  }));
}

const entered = (name: string) => ({ stateEnteredEventDetails: { name } });
const exited = (name: string) => ({ stateExitedEventDetails: { name } });
const failed = (error: string) => ({
  taskFailedEventDetails: { resourceType: 'lambda', resource: 'invoke', error },
});
const iteration = (name: string, index: number) => ({ mapIterationStartedEventDetails: { name, index } });

describe('the stages of an execution', () => {
  test('follow the states in order of start', () => {
    const events = history(
      ['ExecutionStarted', 0],
      ['TaskStateEntered', 1, entered('Train')],
      ['TaskScheduled', 2],
      ['TaskSucceeded', 3],
      ['TaskStateExited', 4, exited('Train')],
      ['ChoiceStateEntered', 5, entered('Better?')],
    );
    expect(readStages(events)).toEqual([
      { name: 'Train', status: 'succeeded', startedAt: 2, endedAt: 5 },
      { name: 'Better?', status: 'running', startedAt: 6 },
    ]);
  });

  test('a failure that a retry mended is a success, one that Catch took is caught, the last one fails', () => {
    const events = history(
      ['ExecutionStarted', 0],
      ['TaskStateEntered', 1, entered('A')],
      ['TaskFailed', 2, failed('Throttled')],
      ['TaskScheduled', 3],
      ['TaskSucceeded', 4],
      ['TaskStateExited', 5, exited('A')],
      ['TaskStateEntered', 6, entered('B')],
      ['TaskFailed', 7, failed('Unfit')],
      ['TaskStateExited', 8, exited('B')],
      ['TaskStateEntered', 9, entered('C')],
      [
        'TaskTimedOut',
        10,
        { taskTimedOutEventDetails: { resourceType: '', resource: '', error: 'States.Timeout' } },
      ],
      ['ExecutionFailed', 11, { executionFailedEventDetails: { error: 'States.Timeout' } }],
    );
    expect(readStages(events, 12)).toEqual([
      { name: 'A', status: 'succeeded', startedAt: 2, endedAt: 6 },
      { name: 'B', status: 'caught', startedAt: 7, endedAt: 9, error: 'Unfit' },
      { name: 'C', status: 'failed', startedAt: 10, endedAt: 12, error: 'States.Timeout' },
    ]);
  });

  test('name the iterations of a Map by index, and what follows the Map is outside again', () => {
    const events = history(
      ['ExecutionStarted', 0],
      ['MapStateEntered', 1, entered('Each')],
      ['MapStateStarted', 2],
      ['MapIterationStarted', 3, iteration('Each', 0)],
      ['MapIterationStarted', 3, iteration('Each', 1)],
      ['TaskStateEntered', 5, entered('Fold')],
      ['TaskStateEntered', 4, entered('Fold')],
      ['TaskSucceeded', 7],
      ['TaskStateExited', 8, exited('Fold')],
      ['MapIterationSucceeded', 9],
      ['TaskSucceeded', 6],
      ['TaskStateExited', 11, exited('Fold')],
      ['MapIterationSucceeded', 12],
      ['MapStateSucceeded', 13],
      ['MapStateExited', 14, exited('Each')],
      ['SucceedStateEntered', 15, entered('Done')],
      ['SucceedStateExited', 16, exited('Done')],
    );
    expect(readStages(events, 18)).toEqual([
      { name: 'Each', status: 'succeeded', startedAt: 2, endedAt: 15 },
      { name: 'Each[1].Fold', status: 'succeeded', startedAt: 6, endedAt: 12 },
      { name: 'Each[0].Fold', status: 'succeeded', startedAt: 7, endedAt: 9 },
      { name: 'Done', status: 'succeeded', startedAt: 16, endedAt: 17 },
    ]);
  });

  test('a caught Map ends its open iterations, though the execution goes on', () => {
    const events = history(
      ['ExecutionStarted', 0],
      ['MapStateEntered', 1, entered('Each')],
      ['MapStateStarted', 2],
      ['MapIterationStarted', 3, iteration('Each', 0)],
      ['MapIterationStarted', 3, iteration('Each', 1)],
      ['TaskStateEntered', 4, entered('Fold')],
      ['TaskStateEntered', 5, entered('Fold')],
      ['TaskFailed', 6, failed('Unfit')],
      ['MapIterationFailed', 8, { mapIterationFailedEventDetails: { name: 'Each', index: 0 } }],
      ['MapIterationAborted', 7, { mapIterationAbortedEventDetails: { name: 'Each', index: 1 } }],
      ['MapStateFailed', 9],
      ['MapStateExited', 11, exited('Each')],
      ['WaitStateEntered', 12, entered('Later')],
    );
    expect(readStages(events)).toEqual([
      { name: 'Each', status: 'caught', startedAt: 2, endedAt: 12, error: 'States.TaskFailed' },
      { name: 'Each[0].Fold', status: 'failed', startedAt: 6, endedAt: 12, error: 'Unfit' },
      { name: 'Each[1].Fold', status: 'failed', startedAt: 7, endedAt: 12 },
      { name: 'Later', status: 'running', startedAt: 13 },
    ]);
  });

  test('name the branches of a Parallel by their order of start, also inside a Map', () => {
    const events = history(
      ['ExecutionStarted', 0],
      ['MapStateEntered', 1, entered('Each')],
      ['MapStateStarted', 2],
      ['MapIterationStarted', 3, iteration('Each', 7)],
      ['ParallelStateEntered', 4, entered('Both')],
      ['ParallelStateStarted', 5],
      ['PassStateEntered', 6, entered('Left')],
      ['PassStateEntered', 6, entered('Right')],
      ['PassStateExited', 7, exited('Left')],
      ['PassStateExited', 8, exited('Right')],
      ['PassStateEntered', 10, entered('Rightmost')],
      ['PassStateExited', 11, exited('Rightmost')],
      ['ParallelStateSucceeded', 12],
      ['ParallelStateExited', 13, exited('Both')],
    );
    expect(readStages(events).map((stage) => [stage.name, stage.status])).toEqual([
      ['Each', 'running'],
      ['Each[7].Both', 'succeeded'],
      ['Each[7].Both[0].Left', 'succeeded'],
      ['Each[7].Both[1].Right', 'succeeded'],
      ['Each[7].Both[1].Rightmost', 'succeeded'],
    ]);
  });

  test('a state that is entered again is another stage', () => {
    const events = history(
      ['ExecutionStarted', 0],
      ['WaitStateEntered', 1, entered('Watch')],
      ['WaitStateExited', 2, exited('Watch')],
      ['WaitStateEntered', 3, entered('Watch')],
    );
    expect(readStages(events, 9)).toEqual([
      { name: 'Watch', status: 'succeeded', startedAt: 2, endedAt: 3 },
      { name: 'Watch', status: 'failed', startedAt: 4, endedAt: 9 },
    ]);
  });

  test('follow each other where a history does not say what an event follows', () => {
    const events = history(
      ['ExecutionStarted', 0],
      ['TaskStateEntered', 1, entered('Train')],
      ['TaskStateExited', 2, exited('Train')],
      ['TaskStateEntered', 3, entered('Check')],
    ).map(({ previousEventId: _, ...event }) => event);
    expect(readStages(events).map(({ name, status }) => [name, status])).toEqual([
      ['Train', 'succeeded'],
      ['Check', 'running'],
    ]);
  });
});
