// Nothing that is told asynchronously is lost: each such edge of the synthesised app ends in a place that keeps the payload.
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { stageNames } from './config.ts';
import { type SynthesisedStage, synthStage } from './testing.ts';

type Properties = Readonly<Record<string, unknown>>;
interface Resource {
  readonly id: string;
  readonly template: Template;
  readonly Properties: Properties;
}

interface RuleTarget {
  readonly Arn: unknown;
  readonly DeadLetterConfig?: { readonly Arn?: unknown };
}
interface Destination {
  readonly OnFailure?: { readonly Destination?: unknown };
}

const stages = new Map<string, SynthesisedStage>();
beforeAll(() => {
  for (const stage of stageNames) stages.set(stage, synthStage(stage));
});

const templatesOf = ({ data, working, observability }: SynthesisedStage): readonly Template[] => [
  data,
  ...working,
  ...(observability ? [observability] : []),
];

const resourcesOf = (stage: string, type: string): readonly Resource[] =>
  templatesOf(stages.get(stage)!).flatMap((template) =>
    Object.entries(template.findResources(type)).map(([id, { Properties }]) => ({
      id,
      template,
      Properties: (Properties ?? {}) as Properties,
    })),
  );

const referencedId = (reference: unknown): string | undefined =>
  (reference as { readonly 'Fn::GetAtt'?: readonly string[] } | undefined)?.['Fn::GetAtt']?.[0];

/** The queue that the ARN is of, in the same stack. */
const queueAt = ({ template }: Resource, arn: unknown): Properties | undefined =>
  template.findResources('AWS::SQS::Queue')[referencedId(arn) ?? '']?.Properties as Properties | undefined;

const days14 = 14 * 86_400;
const asynchronousServices = (principal: unknown): boolean =>
  !['apigateway.amazonaws.com', 'cloudformation.amazonaws.com'].includes(String(principal));

/** What invokes a function and does not wait for it, by the function's logical id. */
const invokedAsynchronously = (stage: string): ReadonlySet<string> =>
  new Set(
    resourcesOf(stage, 'AWS::Lambda::Permission')
      .filter(({ Properties: { Principal } }) => asynchronousServices(Principal))
      .map(({ Properties: { FunctionName } }) => referencedId(FunctionName) ?? JSON.stringify(FunctionName)),
  );

describe.each(stageNames)('every asynchronous edge of stage %s', (stage) => {
  it('from a rule to its target has a dead-letter queue, where the event waits 14 days', () => {
    const rules = resourcesOf(stage, 'AWS::Events::Rule');
    expect(rules.length).toBeGreaterThanOrEqual(6);
    for (const rule of rules)
      for (const { DeadLetterConfig } of rule.Properties.Targets as readonly RuleTarget[])
        expect([rule.id, queueAt(rule, DeadLetterConfig?.Arn)]).toMatchObject([
          rule.id,
          { MessageRetentionPeriod: days14 },
        ]);
  });

  it('into a function that a service invokes and does not wait for has an on-failure queue, which keeps what it was given', () => {
    const configs = resourcesOf(stage, 'AWS::Lambda::EventInvokeConfig');
    expect(
      new Set(configs.map(({ Properties: { FunctionName } }) => (FunctionName as { Ref: string }).Ref)),
    ).toEqual(invokedAsynchronously(stage));
    for (const config of configs)
      expect([
        config.id,
        queueAt(config, (config.Properties.DestinationConfig as Destination).OnFailure?.Destination),
      ]).toMatchObject([config.id, { MessageRetentionPeriod: days14 }]);
  });

  it('from a stream ends in the bucket, with the records, after a bounded number of tries; locally in a queue, with a pointer', () => {
    const mappings = resourcesOf(stage, 'AWS::Lambda::EventSourceMapping');
    expect(mappings.length).toBeGreaterThanOrEqual(1);
    for (const mapping of mappings) {
      const { DestinationConfig, MaximumRetryAttempts, MaximumRecordAgeInSeconds } = mapping.Properties;
      const destination = (DestinationConfig as Destination | undefined)?.OnFailure?.Destination;
      expect(MaximumRetryAttempts).toBeGreaterThan(0);
      expect(MaximumRecordAgeInSeconds).toBeGreaterThan(0);
      if (stage === 'local') expect(queueAt(mapping, destination)).toBeDefined();
      else expect(destination).toEqual({ 'Fn::ImportValue': expect.stringMatching(/ObjectsBucket.*Arn/) });
    }
  });

  it('from a topic to anything but a mailbox has a redrive policy', () => {
    for (const { id, Properties } of resourcesOf(stage, 'AWS::SNS::Subscription'))
      if (Properties.Protocol !== 'email')
        expect([id, Properties.RedrivePolicy]).toEqual([id, expect.anything()]);
  });

  it('is one of those above: buckets, queues and pipes tell nobody by themselves', () => {
    for (const type of ['AWS::Pipes::Pipe', 'AWS::Scheduler::Schedule', 'AWS::Logs::SubscriptionFilter'])
      expect(resourcesOf(stage, type)).toEqual([]);
    for (const { id, Properties } of resourcesOf(stage, 'AWS::S3::Bucket'))
      expect([id, Properties.NotificationConfiguration]).toEqual([id, undefined]);
  });

  it('that is a custom resource is waited for no longer than its function may take, and a minute', () => {
    const resources = templatesOf(stages.get(stage)!).flatMap((template) =>
      Object.entries(
        (template.toJSON() as { Resources: Record<string, { Type: string; Properties: Properties }> })
          .Resources,
      )
        .filter(
          ([, { Type }]) => Type.startsWith('Custom::') || Type === 'AWS::CloudFormation::CustomResource',
        )
        .map(([id, { Properties }]) => [id, Properties.ServiceTimeout] as const),
    );
    if (stage === 'local') expect(resources).toEqual([]);
    for (const [id, timeout] of resources) {
      expect([id, Number(timeout)]).toEqual([id, expect.any(Number)]);
      expect(Number(timeout)).toBeLessThanOrEqual(960);
    }
  });
});

describe('a batch of the stream that was given up', () => {
  it.each(['dev', 'prod'] as const)(
    'is an alarm in stage %s: events filed in the bucket, and events that could not be filed',
    (stage) => {
      const alarms = resourcesOf(stage, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
      const [mapping] = resourcesOf(stage, 'AWS::Lambda::EventSourceMapping');
      expect(mapping!.Properties.MetricsConfig).toEqual({ Metrics: ['EventCount'] });
      const expected = [
        [
          `tidemark-${stage}-capture-given-up`,
          'OnFailureDestinationDeliveredEventCount',
          { Name: 'EventSourceMappingUUID', Value: { Ref: mapping!.id } },
        ],
        [
          `tidemark-${stage}-capture-undelivered`,
          'DestinationDeliveryFailures',
          { Name: 'FunctionName', Value: `tidemark-${stage}-capture` },
        ],
      ] as const;
      for (const [AlarmName, MetricName, dimension] of expected)
        expect(alarms.find((alarm) => alarm.AlarmName === AlarmName)).toMatchObject({
          Namespace: 'AWS/Lambda',
          MetricName,
          Dimensions: [dimension],
          Statistic: 'Sum',
          Threshold: 0,
          ComparisonOperator: 'GreaterThanThreshold',
          AlarmActions: [expect.anything()],
        });
    },
  );

  it('has company in stage prod: each function that a service does not wait for, when what it gave up could not be kept', () => {
    const watched = resourcesOf('prod', 'AWS::CloudWatch::Alarm')
      .filter(({ Properties }) => Properties.MetricName === 'DestinationDeliveryFailures')
      .flatMap(({ Properties }) =>
        (Properties.Dimensions as readonly { readonly Value: unknown }[]).map(({ Value }) => Value),
      );
    const names = [...invokedAsynchronously('prod')].map(
      (id) =>
        resourcesOf('prod', 'AWS::Lambda::Function').find((fn) => fn.id === id)?.Properties.FunctionName,
    );
    expect(watched.sort()).toEqual([...names, 'tidemark-prod-capture'].sort());
  });
});
