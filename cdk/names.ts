// Names that one stack makes and another refers to, and which function lives in which stack: both follow from the surface.
import { piiKeyName, type StackPart, stackName } from '#shared/api/names.ts';
import { type FunctionName, type FunctionSpec, functions, routes } from '#shared/api/surface.ts';
import type { StageName } from './config.ts';

// Known before anything exists, so a stack may point at another's resource without importing it: no cycles, no locked exports.
export {
  deadLettersName,
  functionName,
  logGroupName,
  machineName,
  type StackPart,
  stackName,
} from '#shared/api/names.ts';
export const busName = (stage: StageName) => `tidemark-${stage}`;
/** People's own secrets lie beside it. */
export const piiKeySecretName = (stage: StageName) => `tidemark/${stage}/${piiKeyName}`;
export const apiName = (stage: StageName) => stackName(stage, 'api');
/** Of alarms, which any number of stacks make, and the topic they go to. */
export const alarmName = (stage: StageName, what: string) => `tidemark-${stage}-${what}`;

type AnyPart = StackPart | 'data' | 'observability';

/** What a deployment runs says where it lies; `retrain-*` are steps of the state machine; whoever answers a route, lets in to one or feeds on what it wrote serves; the rest watches. */
function stackOf(name: FunctionName): AnyPart {
  const spec: FunctionSpec = functions[name];
  if (spec.onDeploy) return spec.onDeploy;
  if (name.startsWith('retrain-')) return 'retrain';
  return name === 'capture' || name === 'authorize' || routes.some((route) => route.handler === name)
    ? 'serving'
    : 'monitoring';
}

export function functionsIn(part: AnyPart): readonly FunctionName[] {
  return (Object.keys(functions) as FunctionName[]).filter((name) => stackOf(name) === part);
}

/** `retrain-begin` → `RetrainBegin`: the construct id, and the `${…}` in a state machine file. */
export { substitutionName as constructId } from '#shared/api/surface.ts';
