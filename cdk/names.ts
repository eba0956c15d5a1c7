// Names that one stack makes and another refers to, and which function lives in which stack: both follow from the surface.
import { type FunctionName, functions, type MachineName, routes } from '#shared/api/surface.ts';
import type { StageName } from './config.ts';

// Known before anything exists, so a stack may point at another's resource without importing it: no cycles, no locked exports.
export const stackName = (stage: StageName, part: string) => `tidemark-${stage}-${part}`;
export const busName = (stage: StageName) => `tidemark-${stage}`;
/** Without a name: the prefix all of them have. */
export const functionName = (stage: StageName, name: FunctionName | '') => `tidemark-${stage}-${name}`;
/** Without a name: the prefix all of them have. */
export const machineName = (stage: StageName, name: MachineName | '') => `tidemark-${stage}-${name}`;

export const apiName = (stage: StageName) => stackName(stage, 'api');
export const deadLettersName = (stage: StageName, part: StackPart) =>
  stackName(stage, `${part}-dead-letters`);
/** Of alarms, which any number of stacks make, and the topic they go to. */
export const alarmName = (stage: StageName, what: string) => `tidemark-${stage}-${what}`;

export type StackPart = 'serving' | 'monitoring' | 'retrain';

/** `retrain-*` are steps of the state machine; whoever answers a route or feeds on what it wrote serves; the rest watches. */
function stackOf(name: FunctionName): StackPart {
  if (name.startsWith('retrain-')) return 'retrain';
  return name === 'capture' || routes.some((route) => route.handler === name) ? 'serving' : 'monitoring';
}

export function functionsIn(part: StackPart): readonly FunctionName[] {
  return (Object.keys(functions) as FunctionName[]).filter((name) => stackOf(name) === part);
}

/** `retrain-begin` → `RetrainBegin`: the construct id, and the `${…}` in a state machine file. */
export { substitutionName as constructId } from '#shared/api/surface.ts';
