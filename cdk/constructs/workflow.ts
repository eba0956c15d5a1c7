// A state machine of the surface, from its ASL file: what starts it, what it may invoke, and who hears of its end.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { type IEventBusRef, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  eventSource,
  type FunctionName,
  type MachineName,
  machines,
  subscriptions,
  substitutionName,
} from '#shared/api/surface.ts';
import { type Deployment, namedRemovalPolicyOf } from '../deployment.ts';
import { machineName } from '../names.ts';
import { allow } from './access.ts';
import { projectRoot } from './bundle.ts';
import type { DeadLetters } from './dead-letters.ts';
import { retries, target } from './event-wiring.ts';
import type { NodeFunction } from './node-function.ts';
import { noTraining, TrainingJob, type TrainingSubstitutions } from './training-job.ts';

export interface WorkflowProps {
  readonly name: MachineName;
  readonly deployment: Deployment;
  /** At least those the ASL file names and the machine's `onFailure`. */
  readonly functions: ReadonlyMap<FunctionName, NodeFunction>;
  readonly bus: IEventBusRef;
  readonly deadLetters: DeadLetters;
}

class InvalidDefinitionError extends Error {
  override readonly name = 'InvalidDefinitionError';
}

export class Workflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const { name, deployment } = props;
    const { config } = deployment;
    const definition = readDefinition(name);
    const steps = stepsOf(definition, props.functions);

    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: `Tidemark ${config.stage}: the steps ${name} may invoke`,
    });
    // grantInvoke would add every version and alias (`:*`); the steps are invoked by their plain ARN.
    allow(
      role,
      ['lambda:InvokeFunction'],
      steps.map((step) => step.lambda.functionArn),
    );
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'Log delivery (logs:*LogDelivery, resource policies) and X-Ray have no resource types; AWS asks for *.',
    });

    this.stateMachine = new StateMachine(this, 'Machine', {
      stateMachineName: machineName(config.stage, name),
      stateMachineType: StateMachineType.STANDARD,
      // From a string: the file variant puts the definition on S3, where reviewers and some emulators do not find it.
      definitionBody: DefinitionBody.fromString(definition),
      definitionSubstitutions: {
        ...Object.fromEntries(
          steps.map((step) => [substitutionName(step.surfaceName), step.lambda.functionArn]),
        ),
        ...(definition.includes('{TrainingImage}') ? this.training(role, deployment) : {}),
      },
      role,
      tracingEnabled: config.tracing === 'active',
      logs: {
        level: LogLevel.ALL,
        includeExecutionData: true,
        destination: new LogGroup(this, 'Logs', {
          // Log delivery writes one resource policy for all groups under this prefix, instead of one each until it is full.
          logGroupName: `/aws/vendedlogs/states/${machineName(config.stage, name)}`,
          retention: config.logRetention,
          removalPolicy: namedRemovalPolicyOf(config),
          ...(deployment.key && { encryptionKey: deployment.key }),
        }),
      },
    });
    if (config.tracing === 'passThrough')
      Validations.of(this.stateMachine).acknowledge({
        id: 'AwsSolutions-SF2',
        reason: 'The stage traces nothing of its own; a run is in the execution history, step by step.',
      });
    this.startOnEvents(props);
    this.reportFailures(props);
  }

  private training(role: Role, deployment: Deployment): TrainingSubstitutions {
    const { image } = deployment.config.training;
    if (image === undefined) return noTraining;
    const job = new TrainingJob(this, 'Training', { ...deployment, image });
    job.grantStart(role);
    return job.substitutions;
  }

  /**
   * EventBridge names the executions it starts itself, so two events of one window are two executions. That is acceptable:
   * the first step takes a lease, and the second execution ends there as skipped.
   */
  private startOnEvents({ name, bus, deadLetters }: WorkflowProps): void {
    const role = new Role(this, 'StartRole', { assumedBy: new ServicePrincipal('events.amazonaws.com') });
    for (const subscription of subscriptions) {
      if (!('stateMachine' in subscription) || subscription.stateMachine !== name) continue;
      new Rule(this, `On-${subscription.event}`, {
        description: `Tidemark: ${subscription.event} starts ${name}`,
        eventBus: bus,
        eventPattern: { source: [eventSource], detailType: [subscription.event] },
        targets: [
          new SfnStateMachine(this.stateMachine, {
            // The same input as a start by an operator: the detail, without the envelope.
            input: RuleTargetInput.fromEventPath('$.detail'),
            role,
            deadLetterQueue: deadLetters,
            ...retries,
          }),
        ],
      });
    }
  }

  /** `States.ALL` does not catch `States.Runtime`, nor the machine's own timeout: then only the engine can tell. */
  private reportFailures({ name, functions, deadLetters }: WorkflowProps): void {
    new Rule(this, 'Failed', {
      description: `Tidemark: ${name} ended without releasing`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.stateMachine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [target(functions.get(machines[name].onFailure)!, deadLetters, retries)],
    });
  }
}

/** The ASL file, checked for what CDK would ignore: its `timeout` property has no effect on a definition from a string. */
function readDefinition(name: MachineName): string {
  const { file, timeoutSeconds } = machines[name];
  const definition = readFileSync(join(projectRoot, file), 'utf8');
  const { TimeoutSeconds } = JSON.parse(definition) as { readonly TimeoutSeconds?: unknown };
  if (TimeoutSeconds !== timeoutSeconds)
    throw new InvalidDefinitionError(
      `TimeoutSeconds of ${file} is ${String(TimeoutSeconds)}: want ${timeoutSeconds}, as in surface.ts`,
    );
  return definition;
}

/** The functions the definition names, each as `${RetrainBegin}`. */
function stepsOf(definition: string, functions: WorkflowProps['functions']): readonly NodeFunction[] {
  const named = new Set([...definition.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]!));
  for (const name of Object.keys(noTraining)) named.delete(name);
  const steps = [...functions.values()].filter((fn) => named.delete(substitutionName(fn.surfaceName)));
  if (named.size > 0)
    throw new InvalidDefinitionError(`no function for ${[...named].map((id) => `\${${id}}`).join(', ')}`);
  return steps;
}
