// The whole app: the stacks data → monitoring → serving, retrain → observability, under the AwsSolutions rules.
import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { StageConfig } from './config.ts';
import { hasAlarmTopic } from './deployment.ts';
import { stackName } from './names.ts';
import { DataStack } from './stacks/data-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { ObservabilityStack } from './stacks/observability-stack.ts';
import { RetrainStack } from './stacks/retrain-stack.ts';
import { ServingStack } from './stacks/serving-stack.ts';

export interface Tidemark {
  readonly data: DataStack;
  readonly monitoring: MonitoringStack;
  readonly serving: ServingStack;
  readonly retrain: RetrainStack;
  /** Where the stage has alarms, a budget or Managed Prometheus. */
  readonly observability?: ObservabilityStack;
}

/** Adds Tidemark to `app`. A finding of the rule pack fails the synthesis. */
export function buildTidemark(app: App, config: StageConfig): Tidemark {
  const { stage } = config;
  const data = new DataStack(app, 'Data', {
    stackName: stackName(stage, 'data'),
    description: 'Tidemark: the prediction log, the registry and every stored object',
    terminationProtection: config.terminationProtection,
    config,
  });
  const { deployment } = data;
  const monitoring = new MonitoringStack(app, 'Monitoring', {
    stackName: stackName(stage, 'monitoring'),
    description: 'Tidemark: the event bus, the tick and the judging of windows',
    deployment,
  });
  const serving = new ServingStack(app, 'Serving', {
    stackName: stackName(stage, 'serving'),
    description: 'Tidemark: the HTTP API, its functions and the capture of what they answered',
    deployment,
  });
  const retrain = new RetrainStack(app, 'Retrain', {
    stackName: stackName(stage, 'retrain'),
    description: 'Tidemark: the retrain state machine and its steps',
    deployment,
  });
  // Both name the event bus instead of importing it.
  serving.addStackDependency(monitoring, 'the event bus is there before anyone publishes on it');
  retrain.addStackDependency(monitoring, 'the event bus is there before a rule listens to it');

  const observability = hasAlarmTopic(config)
    ? new ObservabilityStack(app, 'Observability', {
        stackName: stackName(stage, 'observability'),
        description: 'Tidemark: alarms, the topic they go to, and the budget',
        deployment,
        ...(monitoring.metrics && { workspace: monitoring.metrics.workspace }),
      })
    : undefined;
  // After the clock runs: its silence is an alarm.
  for (const watched of [monitoring, serving, retrain])
    observability?.addStackDependency(watched, 'it is watched');

  Tags.of(app).add('project', 'tidemark');
  Tags.of(app).add('stage', stage);
  for (const [key, value] of Object.entries(config.tags)) Tags.of(app).add(key, value);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { data, monitoring, serving, retrain, ...(observability && { observability }) };
}
