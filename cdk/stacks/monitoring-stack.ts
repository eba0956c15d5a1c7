// Second stack: the event bus, the tick that closes granules and claims windows, and the function that judges them.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { DeadLetters } from '../constructs/dead-letters.ts';
import { EventWiring } from '../constructs/event-wiring.ts';
import { NodeFunction } from '../constructs/node-function.ts';
import type { Deployment } from '../deployment.ts';
import { busName, functionsIn } from '../names.ts';

export interface MonitoringStackProps extends StackProps {
  readonly deployment: Deployment;
}

export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, props: MonitoringStackProps) {
    super(scope, id, props);
    const { deployment } = props;
    const bus = new EventBus(this, 'Bus', {
      eventBusName: busName(deployment.config.stage),
      description: 'Tidemark: what one stage of the loop tells the next',
    });
    new EventWiring(this, 'Events', {
      functions: functionsIn('monitoring').map((name) => new NodeFunction(this, { name, deployment })),
      bus,
      deadLetters: new DeadLetters(this, 'DeadLetters', { deployment, part: 'monitoring' }),
    });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
  }
}
