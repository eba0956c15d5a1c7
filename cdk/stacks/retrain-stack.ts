// Fourth stack: the retrain state machine and one function per step.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { FunctionName, MachineName } from '#shared/api/surface.ts';
import { machines } from '#shared/api/surface.ts';
import { DeadLetters } from '../constructs/dead-letters.ts';
import { EventWiring } from '../constructs/event-wiring.ts';
import { NodeFunction } from '../constructs/node-function.ts';
import { Workflow } from '../constructs/workflow.ts';
import type { Deployment } from '../deployment.ts';
import { busName, functionsIn } from '../names.ts';

export interface RetrainStackProps extends StackProps {
  readonly deployment: Deployment;
}

export class RetrainStack extends Stack {
  constructor(scope: Construct, id: string, props: RetrainStackProps) {
    super(scope, id, props);
    const { deployment } = props;
    const { config } = deployment;
    const functions = new Map<FunctionName, NodeFunction>(
      functionsIn('retrain').map((name) => [name, new NodeFunction(this, { name, deployment })]),
    );
    const bus = EventBus.fromEventBusName(this, 'Bus', busName(config.stage));
    const deadLetters = new DeadLetters(this, 'DeadLetters', { deployment, part: 'retrain' });
    new EventWiring(this, 'Events', { functions: [...functions.values()], bus, deadLetters });
    for (const name of Object.keys(machines) as MachineName[]) {
      const id = name[0]!.toUpperCase() + name.slice(1);
      const { stateMachine } = new Workflow(this, id, { name, deployment, functions, bus, deadLetters });
      new CfnOutput(this, `${id}MachineArn`, { value: stateMachine.stateMachineArn });
    }
  }
}
