// Second stack: the event bus, the tick that closes granules and claims windows, the function that judges them, and the publisher of metrics.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { DeadLetters } from '../constructs/dead-letters.ts';
import { EventWiring } from '../constructs/event-wiring.ts';
import { MetricsWorkspace } from '../constructs/metrics-workspace.ts';
import { NodeFunction } from '../constructs/node-function.ts';
import { NotifyInbox } from '../constructs/notify-inbox.ts';
import { type Deployment, hasAlarmTopic } from '../deployment.ts';
import { busName, functionsIn } from '../names.ts';

export interface MonitoringStackProps extends StackProps {
  readonly deployment: Deployment;
}

export class MonitoringStack extends Stack {
  /** Where metrics are kept; absent where they are only scraped. */
  readonly metrics?: MetricsWorkspace;

  constructor(scope: Construct, id: string, props: MonitoringStackProps) {
    super(scope, id, props);
    const { deployment } = props;
    const bus = new EventBus(this, 'Bus', {
      eventBusName: busName(deployment.config.stage),
      description: 'Tidemark: what one stage of the loop tells the next',
    });
    const names = functionsIn('monitoring').filter((name) => name !== 'canary' || deployment.config.canary);
    const functions = names.map((name) => new NodeFunction(this, { name, deployment }));
    const deadLetters = new DeadLetters(this, 'DeadLetters', { deployment, part: 'monitoring' });
    new EventWiring(this, 'Events', { functions, bus, deadLetters });
    const notify = functions.find(({ surfaceName }) => surfaceName === 'notify');
    if (notify && hasAlarmTopic(deployment.config))
      new NotifyInbox(this, 'Notifying', { deployment, notify, deadLetters });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
    const publisher = functions.find(({ surfaceName }) => surfaceName === 'publish');
    const { prometheus, remoteWriteUrl } = deployment.config;
    if (remoteWriteUrl !== undefined) publisher?.lambda.addEnvironment('REMOTE_WRITE_URL', remoteWriteUrl);
    if (prometheus === 'none' || !publisher) return;
    this.metrics = new MetricsWorkspace(this, 'Metrics', { deployment, publisher });
    new CfnOutput(this, 'MetricsWorkspaceArn', { value: this.metrics.workspaceArn });
    new CfnOutput(this, 'MetricsEndpoint', { value: this.metrics.endpoint });
  }
}
