/** The simulation tasks there are, by table: small enough to run side by side, each with a seed of its own. */

import { type ModelResult, type ModelTask, runModel } from './model-table.ts';
import { type NullResult, type NullTask, runNull } from './null-table.ts';
import { type PowerResult, type PowerTask, runPower } from './power-table.ts';
import { runStudy, type StudyResult, type StudyTask } from './primary-study.ts';

export type Task = NullTask | ModelTask | PowerTask | StudyTask;
export type ResultOf<T extends Task> = T extends NullTask
  ? NullResult
  : T extends ModelTask
    ? ModelResult
    : T extends PowerTask
      ? PowerResult
      : StudyResult;

export function runTask(task: Task): NullResult | ModelResult | PowerResult | StudyResult {
  switch (task.table) {
    case 'null':
      return runNull(task);
    case 'model':
      return runModel(task);
    case 'power':
      return runPower(task);
    case 'study':
      return runStudy(task);
  }
}
