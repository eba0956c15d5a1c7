// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${Name} is the file format's own placeholder
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '#shared/json.ts';
import { InvalidAslError, MissingSubstitutionError, UnsupportedAslError } from './errors.ts';
import { loadStateMachine } from './load.ts';

const TASK: JsonObject = {
  Type: 'Task',
  Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:f',
  End: true,
};
const PASS: JsonObject = { Type: 'Pass', End: true };
const ALONE = { StartAt: 'Inner', States: { Inner: PASS } };

const load = (machine: Json, substitutions: Record<string, string> = {}) =>
  loadStateMachine(JSON.stringify(machine), substitutions);
const loadState = (state: JsonObject, more: JsonObject = {}) =>
  load({ StartAt: 'X', States: { X: state, ...more } });

/** The error with its state and message. */
function refusal(action: () => unknown): Error & { state?: string } {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not refused');
}

describe('substitutions', () => {
  const text =
    '{"StartAt":"X","TimeoutSeconds":${Limit},"States":{"X":{"Type":"Task","Resource":"${F-1.Arn}","End":true}}}';

  it('replace ${Name} anywhere in the text, as they are', () => {
    const machine = loadStateMachine(text, { Limit: '60', 'F-1.Arn': TASK.Resource as string, Unused: 'x' });
    expect(machine.timeoutSeconds).toBe(60);
    expect(machine.states.get('X')).toMatchObject({ resource: { kind: 'function', functionName: 'f' } });
  });

  it('that are missing are refused by name', () => {
    expect(() => loadStateMachine(text, { Limit: '60' })).toThrow(MissingSubstitutionError);
    expect(() => loadStateMachine(text, { Limit: '60' })).toThrow(
      'no substitution for ${F-1.Arn}; given: Limit',
    );
  });

  it('leave an empty ${} of a format alone', () => {
    expect(() =>
      loadState({ ...PASS, Parameters: { 'price.$': "States.Format('${}', $.price)" } }),
    ).not.toThrow();
  });
});

describe('what is not supported is refused by name, with its state', () => {
  it.each<[string, JsonObject, string]>([
    ['state type', { Type: 'Activity', End: true }, 'type "Activity"'],
    ['type of an inherited property', { Type: 'constructor', End: true }, 'type "constructor"'],
    ['HeartbeatSeconds', { ...TASK, HeartbeatSeconds: 5 }, 'field HeartbeatSeconds'],
    ['Credentials', { ...TASK, Credentials: {} }, 'field Credentials'],
    ['Assign', { ...TASK, Assign: {} }, 'field Assign'],
    ['Arguments', { ...TASK, Arguments: {} }, 'field Arguments'],
    ['unknown field', { ...PASS, Colour: 'red' }, 'field Colour'],
    ['field of another type', { ...PASS, Retry: [] }, 'field Retry'],
    ['InputPath of a Fail', { Type: 'Fail', InputPath: '$' }, 'field InputPath'],
    ['JSONata in a state', { ...PASS, QueryLanguage: 'JSONata' }, 'QueryLanguage "JSONata"'],
    [
      'resource',
      { ...TASK, Resource: 'arn:aws:states:::sqs:sendMessage' },
      '"arn:aws:states:::sqs:sendMessage"',
    ],
    ['SDK resource', { ...TASK, Resource: 'arn:aws:states:::aws-sdk:s3:getObject' }, 'aws-sdk:s3:getObject'],
    ['activity', { ...TASK, Resource: 'arn:aws:states:eu-west-1:123456789012:activity:a' }, 'activity:a'],
    [
      'invoke parameter',
      {
        ...TASK,
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: { FunctionName: 'f', Qualifier: '1' },
      },
      'field Parameters.Qualifier',
    ],
    ['path', { ...PASS, InputPath: '$.a[*]' }, 'InputPath: path "$.a[*]"'],
    ['result path', { ...PASS, ResultPath: '$.a[0]' }, 'ResultPath "$.a[0]"'],
    ['intrinsic', { ...PASS, Parameters: { 'a.$': 'States.Sort($.a)' } }, 'States.Sort'],
    ['context field', { ...PASS, Parameters: { 'a.$': '$$.Execution.RoleArn' } }, '"$$.Execution.RoleArn"'],
    ['token outside its task', { ...TASK, Parameters: { 'a.$': '$$.Task.Token' } }, '"$$.Task.Token"'],
    ['map item outside a map', { ...PASS, OutputPath: '$$.Map.Item.Value' }, '"$$.Map.Item.Value"'],
    ['retrier field', { ...TASK, Retry: [{ ErrorEquals: ['E'], Jitter: 1 }] }, 'field Retry[0].Jitter'],
    [
      'jitter',
      { ...TASK, Retry: [{ ErrorEquals: ['E'], JitterStrategy: 'HALF' }] },
      'Retry[0].JitterStrategy "HALF"',
    ],
    [
      'unknown predefined error',
      { ...TASK, Retry: [{ ErrorEquals: ['States.Nope'] }] },
      'ErrorEquals "States.Nope"',
    ],
    [
      'catcher field',
      { ...TASK, Catch: [{ ErrorEquals: ['E'], Next: 'X', Assign: {} }] },
      'field Catch[0].Assign',
    ],
    [
      'Catch of States.Runtime',
      { ...TASK, Catch: [{ ErrorEquals: ['States.Runtime'], Next: 'X' }] },
      '"States.Runtime"',
    ],
    [
      'distributed map',
      { Type: 'Map', End: true, ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...ALONE } },
      'Mode "DISTRIBUTED"',
    ],
    ['item reader', { Type: 'Map', End: true, ItemProcessor: ALONE, ItemReader: {} }, 'field ItemReader'],
    [
      'tolerated failures',
      { Type: 'Map', End: true, Iterator: ALONE, ToleratedFailureCount: 1 },
      'ToleratedFailureCount',
    ],
    [
      'branch field',
      { Type: 'Parallel', End: true, Branches: [{ ...ALONE, Label: 'a' }] },
      'field Branches[0].Label',
    ],
    [
      'choice operator',
      { Type: 'Choice', Choices: [{ Variable: '$.a', StringLike: 'x', Next: 'X' }] },
      'Choices[0]: choice operator StringLike',
    ],
  ])('%s', (_, state, named) => {
    const error = refusal(() => loadState(state));
    expect(error).toBeInstanceOf(UnsupportedAslError);
    expect(error.state).toBe('X');
    expect(error.message).toContain('state "X"');
    expect(error.message).toContain(named);
    expect(error.message).toContain('is not supported');
  });

  it.each<[string, JsonObject, string]>([
    ['JSONata', { QueryLanguage: 'JSONata' }, 'QueryLanguage "JSONata"'],
    ['a version', { Version: '2.0' }, 'Version "2.0"'],
    ['a field', { Timeout: 5 }, 'field machine.Timeout'],
  ])('of the machine: %s', (_, more, named) => {
    const error = refusal(() => load({ StartAt: 'X', States: { X: PASS }, ...more }));
    expect(error).toBeInstanceOf(UnsupportedAslError);
    expect(error.message).toContain(named);
  });

  it('inside a Map, the inner state is named', () => {
    const inner = { StartAt: 'In', States: { In: { ...TASK, HeartbeatSeconds: 5 } } };
    expect(refusal(() => loadState({ Type: 'Map', End: true, ItemProcessor: inner })).state).toBe('In');
  });
});

describe('what is not a whole machine is refused', () => {
  it.each<[string, Json, string]>([
    ['StartAt that is no state', { StartAt: 'Y', States: { X: PASS } }, 'StartAt "Y"'],
    ['no StartAt', { States: { X: PASS } }, 'StartAt is missing'],
    ['no States', { StartAt: 'X' }, 'States must be an object'],
    ['Next that is no state', { StartAt: 'X', States: { X: { Type: 'Pass', Next: 'Y' } } }, 'target "Y"'],
    ['neither Next nor End', { StartAt: 'X', States: { X: { Type: 'Pass' } } }, 'neither Next nor End'],
    [
      'End false alone',
      { StartAt: 'X', States: { X: { Type: 'Pass', End: false } } },
      'neither Next nor End',
    ],
    [
      'both Next and End',
      { StartAt: 'X', States: { X: { Type: 'Pass', Next: 'X', End: true } } },
      'both Next and End',
    ],
    [
      'a state nothing leads to',
      { StartAt: 'X', States: { X: PASS, Lost: PASS } },
      'state "Lost": nothing leads to it',
    ],
    [
      'Catch that leads nowhere',
      { StartAt: 'X', States: { X: { ...TASK, Catch: [{ ErrorEquals: ['E'], Next: 'Y' }] } } },
      'target "Y"',
    ],
    [
      'Default that leads nowhere',
      {
        StartAt: 'X',
        States: {
          X: { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'Z' }], Default: 'Y' },
          Z: PASS,
        },
      },
      'target "Y"',
    ],
    [
      'a target outside the scope',
      {
        StartAt: 'X',
        States: {
          X: {
            Type: 'Parallel',
            Branches: [{ StartAt: 'In', States: { In: { Type: 'Pass', Next: 'Z' } } }],
            Next: 'Z',
          },
          Z: PASS,
        },
      },
      'target "Z"',
    ],
    [
      'a name used twice',
      {
        StartAt: 'X',
        States: { X: { Type: 'Map', End: true, Iterator: { StartAt: 'X', States: { X: PASS } } } },
      },
      'two states have this name',
    ],
    [
      'a name too long',
      { StartAt: 'n'.repeat(81), States: { ['n'.repeat(81)]: PASS } },
      '1 to 80 characters, not 81',
    ],
    [
      'a Task with two timeouts',
      { StartAt: 'X', States: { X: { ...TASK, TimeoutSeconds: 1, TimeoutSecondsPath: '$.s' } } },
      'TimeoutSeconds or TimeoutSecondsPath, not both',
    ],
    [
      'Wait without a time',
      { StartAt: 'X', States: { X: { Type: 'Wait', End: true } } },
      'exactly one of Seconds',
    ],
    [
      'Wait with two times',
      { StartAt: 'X', States: { X: { Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true } } },
      'exactly one of Seconds',
    ],
    [
      'Wait below 0',
      { StartAt: 'X', States: { X: { Type: 'Wait', Seconds: -1, End: true } } },
      'Seconds must be',
    ],
    [
      'half seconds',
      { StartAt: 'X', States: { X: { Type: 'Wait', Seconds: 0.5, End: true } } },
      'must be an integer',
    ],
    [
      'a date that is none',
      { StartAt: 'X', States: { X: { Type: 'Wait', Timestamp: '2023-02-29T00:00:00Z', End: true } } },
      'not RFC 3339',
    ],
    [
      'Fail with two causes',
      { StartAt: 'X', States: { X: { Type: 'Fail', Cause: 'a', CausePath: '$.a' } } },
      'both Cause',
    ],
    [
      'Choice without choices',
      { StartAt: 'X', States: { X: { Type: 'Choice', Choices: [] } } },
      'at least one of Choices',
    ],
    [
      'Parallel without branches',
      { StartAt: 'X', States: { X: { Type: 'Parallel', End: true } } },
      'at least one of Branches',
    ],
    [
      'Map without a processor',
      { StartAt: 'X', States: { X: { Type: 'Map', End: true } } },
      'ItemProcessor or Iterator',
    ],
    [
      'States.ALL not alone',
      { StartAt: 'X', States: { X: { ...TASK, Retry: [{ ErrorEquals: ['States.ALL', 'E'] }] } } },
      'alone and last',
    ],
    [
      'States.ALL not last',
      {
        StartAt: 'X',
        States: { X: { ...TASK, Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }] } },
      },
      'alone and last',
    ],
    [
      'no error names',
      { StartAt: 'X', States: { X: { ...TASK, Retry: [{ ErrorEquals: [] }] } } },
      'at least one error',
    ],
    [
      'a cap not above the interval',
      {
        StartAt: 'X',
        States: { X: { ...TASK, Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 5, MaxDelaySeconds: 5 }] } },
      },
      'MaxDelaySeconds 5 must be above IntervalSeconds 5',
    ],
    [
      'a shrinking backoff',
      { StartAt: 'X', States: { X: { ...TASK, Retry: [{ ErrorEquals: ['E'], BackoffRate: 0.9 }] } } },
      'Retry[0].BackoffRate must be a number from 1',
    ],
    [
      'an invoke without a function',
      {
        StartAt: 'X',
        States: { X: { ...TASK, Resource: 'arn:aws:states:::lambda:invoke', Parameters: {} } },
      },
      'FunctionName is missing',
    ],
    [
      'a timeout of 0',
      { StartAt: 'X', States: { X: PASS }, TimeoutSeconds: 0 },
      'TimeoutSeconds must be a number from 1',
    ],
  ])('%s', (_, machine, problem) => {
    expect(() => load(machine)).toThrow(InvalidAslError);
    expect(() => load(machine)).toThrow(problem);
  });

  it('text that is no JSON', () => {
    expect(() => loadStateMachine('{', {})).toThrow('not JSON after substitution');
  });
});

describe('what is allowed', () => {
  it('states of every type, targets by every way', () => {
    const machine = load({
      Comment: 'all of it',
      Version: '1.0',
      QueryLanguage: 'JSONPath',
      TimeoutSeconds: 3600,
      StartAt: 'Task',
      States: {
        Task: {
          ...TASK,
          End: undefined,
          Next: 'Map',
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Fail' }],
        },
        Map: {
          Type: 'Map',
          ItemSelector: { 'n.$': '$$.Map.Item.Index' },
          ItemProcessor: {
            ProcessorConfig: { Mode: 'INLINE' },
            StartAt: 'Each',
            States: { Each: { ...PASS, Parameters: { 'v.$': '$$.Map.Item.Value' } } },
          },
          Next: 'Parallel',
        },
        Parallel: { Type: 'Parallel', Branches: [ALONE], Next: 'Wait' },
        Wait: { Type: 'Wait', TimestampPath: '$.at', Next: 'Choice' },
        Choice: {
          Type: 'Choice',
          Choices: [{ Comment: 'why', Variable: '$.a', IsNull: true, Next: 'Pass' }],
          Default: 'Succeed',
        },
        Pass: { ...PASS, InputPath: null, OutputPath: null, ResultPath: null },
        Succeed: { Type: 'Succeed' },
        Fail: { Type: 'Fail', Error: 'E', CausePath: "States.Format('{}', $.Cause)" },
      },
    });
    expect([...machine.states.values()].map((state) => state.type)).toEqual([
      'Task',
      'Map',
      'Parallel',
      'Wait',
      'Choice',
      'Pass',
      'Succeed',
      'Fail',
    ]);
  });

  it.each([
    'arn:aws:lambda:eu-west-1:123456789012:function:f',
    'arn:aws-cn:lambda:cn-north-1:123456789012:function:f:live',
  ])('%s calls the function f', (Resource) => {
    expect(loadState({ ...TASK, Resource }).states.get('X')).toMatchObject({
      resource: { functionName: 'f' },
    });
  });
});
