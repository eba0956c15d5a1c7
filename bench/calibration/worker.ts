/** One simulation task in a process of its own: the task is the argument, its result is printed as JSON. */

import { checkDraws } from './draws.ts';
import { checkEngine } from './engine.ts';
import { runTask, type Task } from './task.ts';

checkDraws();
checkEngine();
const task = JSON.parse(process.argv[2]!) as Task;
process.stdout.write(JSON.stringify(runTask(task)));
