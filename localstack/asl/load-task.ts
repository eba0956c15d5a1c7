/** What a Task may call: Lambda functions, directly or through the `lambda:invoke` integration, and training jobs. */
import { Fields } from './fields.ts';
import type { TaskResource } from './machine.ts';

const INVOKE = 'arn:aws:states:::lambda:invoke';
const INVOKE_AND_WAIT = `${INVOKE}.waitForTaskToken`;
const TRAINING_JOB = 'arn:aws:states:::sagemaker:createTrainingJob.sync';
/** What a training job is called as: its parameters go in, the finished job comes out. */
export const TRAINING_JOB_FUNCTION = 'sagemaker:createTrainingJob';
const FUNCTION_ARN = /^arn:aws[a-z-]*:lambda:[a-z0-9-]*:\d*:function:([A-Za-z0-9_-]+)(?::[A-Za-z0-9_$-]+)?$/;
const INVOKE_PARAMETERS = ['FunctionName', 'FunctionName.$', 'Payload', 'Payload.$'];

/**
 * The function's own name in a Lambda ARN; a name is its own answer.
 *
 * @example functionNameOf('arn:aws:lambda:eu-west-1:123456789012:function:train:live') // 'train'
 */
export function functionNameOf(nameOrArn: string): string {
  return FUNCTION_ARN.exec(nameOrArn)?.[1] ?? nameOrArn;
}

export function parseResource(fields: Fields): TaskResource {
  const resource = fields.requiredString('Resource');
  if (resource === INVOKE) return { kind: 'invoke', waitsForToken: false };
  if (resource === INVOKE_AND_WAIT) return { kind: 'invoke', waitsForToken: true };
  if (resource === TRAINING_JOB) return { kind: 'function', functionName: TRAINING_JOB_FUNCTION };
  if (FUNCTION_ARN.test(resource)) return { kind: 'function', functionName: functionNameOf(resource) };
  throw fields.unsupported(
    `resource "${resource}" (allowed: ${INVOKE}, ${INVOKE_AND_WAIT}, ${TRAINING_JOB}, a Lambda function's ARN)`,
  );
}

/** Refuses what `lambda:invoke` takes on AWS and this interpreter would ignore. */
export function refuseParameters(fields: Fields): void {
  const parameters = new Fields(fields.state, fields.raw.Parameters, 'Parameters').only(...INVOKE_PARAMETERS);
  const name = parameters.string('FunctionName') ?? parameters.string('FunctionName.$');
  if (name === undefined) throw fields.invalid('Parameters.FunctionName is missing');
}
