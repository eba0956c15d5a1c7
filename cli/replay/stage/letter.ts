/** A message of a dead-letter queue, read into what its sender wanted done: invoke a function, or start a state machine. */
import { functionName, machineName } from '#shared/api/names.ts';
import {
  eventSource,
  type FunctionName,
  type FunctionSpec,
  functions,
  type MachineName,
  machines,
  subscriptions,
} from '#shared/api/surface.ts';
import type { Json } from '#shared/json.ts';

export interface Message {
  /** Of the queue; the same at each receipt. */
  readonly id: string;
  readonly body: string;
  /** Those EventBridge adds: TARGET_ARN, RULE_ARN, ERROR_CODE, … */
  readonly attributes: Readonly<Record<string, string>>;
}

export type Letter =
  | { readonly kind: 'invoke'; readonly fn: FunctionName; readonly payload: unknown }
  /** Under a name of its own, so that it is started once however often it is read. */
  | { readonly kind: 'start'; readonly machine: MachineName; readonly name: string; readonly input: Json }
  /** Whoever wrote it has long been served otherwise. */
  | { readonly kind: 'outdated'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

type Members = Readonly<Record<string, unknown>>;

/**
 * Understood are what a rule could not deliver (the event, with the target in the message's attributes), what a function kept
 * failing on (an invocation record with `requestPayload`), and what the alarm topic could not. Only functions and state machines of this stage are ever the answer.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 * @example
 * readLetter('dev', { id: 'm1', attributes: {}, body: '{"source": "tidemark", "detail-type": "WindowsDue", "detail": {…}}' })
 * // {kind: 'invoke', fn: 'monitor', payload: {source: 'tidemark', …}}
 */
export function readLetter(stage: string, message: Message): Letter {
  const body = objectIn(message.body);
  if (body === undefined) return unreadable(`not a JSON object: ${message.body.slice(0, 80)}`);
  if ('requestPayload' in body) return invocation(stage, body);
  if ('DDBStreamBatchInfo' in body)
    return unreadable(
      'it points at records of the stream and does not hold them; they are in the predictions table until they expire',
    );
  if (body.Type === 'Notification') return notification(stage, body);
  return delivery(stage, body, message);
}

/** What a topic could not hand over: only the alarm topic invokes a function. */
function notification(stage: string, payload: Members): Letter {
  const topic = String(payload.TopicArn);
  return topic.endsWith(`:tidemark-${stage}-alarms`)
    ? { kind: 'invoke', fn: 'notify', payload }
    : unreadable(`its topic ${topic} is none of stage ${stage}`);
}

function invocation(stage: string, record: Members): Letter {
  const arn = String(membersOf(record.requestContext).functionArn);
  const payload = record.requestPayload;
  if (isScheduled(membersOf(payload))) return outdated;
  const fn = functionOf(stage, arn);
  return fn ? { kind: 'invoke', fn, payload } : unreadable(`its function ${arn} is none of stage ${stage}`);
}

function delivery(stage: string, event: Members, { id, attributes }: Message): Letter {
  if (isScheduled(event)) return outdated;
  const target = attributes.TARGET_ARN ?? targetOf(stage, event);
  if (target === undefined)
    return unreadable(
      `nobody in stage ${stage} hears of ${JSON.stringify(event['detail-type'])} from ${JSON.stringify(event.source)}`,
    );
  const fn = functionOf(stage, target);
  if (fn) return { kind: 'invoke', fn, payload: event };
  const machine = machineOf(stage, target);
  if (!machine) return unreadable(`its target ${target} is none of stage ${stage}`);
  const isEvent = 'detail-type' in event;
  const name = `replay-${typeof event.id === 'string' && isEvent ? event.id : id}`;
  return {
    kind: 'start',
    machine,
    name: name.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 80),
    input: (isEvent ? event.detail : event) as Json,
  };
}

/** Without the attributes, which an emulator or a person may leave out: as the rules have it. */
function targetOf(stage: string, { source, 'detail-type': type, detail }: Members): string | undefined {
  if (source === eventSource) {
    const found = subscriptions.find(({ event }) => event === type);
    if (!found) return undefined;
    return 'handler' in found
      ? `:function:${functionName(stage, found.handler)}`
      : `:stateMachine:${machineName(stage, found.stateMachine)}`;
  }
  if (source !== 'aws.states') return undefined;
  const machine = machineOf(stage, String(membersOf(detail).stateMachineArn));
  return machine && `:function:${functionName(stage, machines[machine].onFailure)}`;
}

/** With a version or an alias behind its name, or without. */
function functionOf(stage: string, arn: string): FunctionName | undefined {
  const name = /:function:([\w-]+)(:[\w$-]+)?$/.exec(arn)?.[1];
  return (Object.keys(functions) as FunctionName[]).find((one) => {
    const spec: FunctionSpec = functions[one];
    return !spec.onDeploy && name === functionName(stage, one);
  });
}

function machineOf(stage: string, arn: string): MachineName | undefined {
  const name = /:stateMachine:([\w-]+)$/.exec(arn)?.[1];
  return (Object.keys(machines) as MachineName[]).find((one) => name === machineName(stage, one));
}

const isScheduled = (event: Members): boolean =>
  event.source === 'aws.events' && event['detail-type'] === 'Scheduled Event';

const outdated: Letter = { kind: 'outdated', reason: 'each tick does the work of those before it' };

const unreadable = (reason: string): Letter => ({ kind: 'unreadable', reason });

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function objectIn(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined;
  } catch {
    return undefined;
  }
}
