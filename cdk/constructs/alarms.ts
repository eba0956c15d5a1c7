// The alarms of the list, each telling the topic.
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { alarmName } from '../names.ts';
import { type AlarmSpec, alarmList } from './alarm-list.ts';

export interface AlarmsProps {
  readonly config: StageConfig;
  readonly topic: ITopic;
  /** @default all of the stage that are known by names */
  readonly alarms?: readonly AlarmSpec[];
}

/**
 * Tells of trouble and of its end, without which an alert would stay open until a person ends it. CloudWatch also calls it an end when a
 * new alarm sees its first data: the function notify ignores the end of what is not open, and the topic mails no ends.
 */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { config, topic, alarms = alarmList(config) }: AlarmsProps) {
    super(scope, id);
    const action = new SnsAction(topic);
    for (const spec of alarms) {
      const [datapointsToAlarm, evaluationPeriods] = spec.of;
      const alarm = new Alarm(this, spec.id, {
        alarmName: alarmName(config.stage, spec.name),
        alarmDescription: spec.description,
        metric: this.metricOf(spec),
        threshold: spec.threshold,
        comparisonOperator: comparison[spec.when],
        datapointsToAlarm,
        evaluationPeriods,
        treatMissingData: missing[spec.missing],
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }

  private metricOf({ metric, minutes }: AlarmSpec): Metric {
    const textOf = (value: string | { readonly machine: string }): string =>
      typeof value === 'string'
        ? value
        : Stack.of(this).formatArn({
            service: 'states',
            resource: 'stateMachine',
            resourceName: value.machine,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          });
    return new Metric({
      namespace: metric.namespace,
      metricName: metric.name,
      dimensionsMap: Object.fromEntries(
        Object.entries(metric.dimensions).map(([key, value]) => [key, textOf(value)]),
      ),
      statistic: metric.statistic,
      period: Duration.minutes(minutes),
    });
  }
}

const comparison = {
  '>': ComparisonOperator.GREATER_THAN_THRESHOLD,
  '<': ComparisonOperator.LESS_THAN_THRESHOLD,
} as const;

const missing = {
  breaching: TreatMissingData.BREACHING,
  notBreaching: TreatMissingData.NOT_BREACHING,
  ignore: TreatMissingData.IGNORE,
} as const;
