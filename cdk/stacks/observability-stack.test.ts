// What wakes somebody: every alarm, what it watches, and that the message arrives.
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import { telemetryNamespace } from '#shared/telemetry/telemetry.ts';
import { alarmList } from '../constructs/alarm-list.ts';
import { stageConfig } from '../stage-config.ts';
import { type SynthesisedStage, synthStage } from '../testing.ts';

interface AlarmProperties {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly OKActions: readonly unknown[];
  readonly AlarmActions: readonly unknown[];
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Statistic: string;
  readonly Period: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly TreatMissingData: string;
  readonly Metrics?: unknown;
}

let prod: SynthesisedStage;
let dev: SynthesisedStage;
let alarms: ReadonlyMap<string, AlarmProperties>;
const email = 'ops@example.com';
const pagerDutyEventsUrl = 'https://events.eu.pagerduty.com/v2/enqueue';
beforeAll(() => {
  prod = synthStage('prod', {
    alarmEmail: email,
    monthlyBudgetUsd: '40',
    alerts: JSON.stringify({ pagerDutyEventsUrl }),
  });
  dev = synthStage('dev');
  alarms = alarmsOf(prod);
});

const alarmsOf = ({ observability }: SynthesisedStage): ReadonlyMap<string, AlarmProperties> =>
  new Map(
    Object.values(observability!.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => [
      Properties.AlarmName as string,
      Properties as AlarmProperties,
    ]),
  );
const names = (Object.keys(functions) as FunctionName[]).filter(
  (name) => !(functions[name] as FunctionSpec).onDeploy && name !== 'authorize',
);
/** An ARN that is put together where it is deployed. */
const endsWith = (end: string) => ({
  'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(`${end}$`)])],
});
const dimension = (alarm: AlarmProperties | undefined, name: string) =>
  alarm?.Dimensions.find((one) => one.Name === name)?.Value;

describe('alarms', () => {
  it('tell the topic, say what they mean and what to do first, and need no metric mathematics', () => {
    const [topic] = Object.keys(prod.observability!.findResources('AWS::SNS::Topic'));
    for (const [name, alarm] of alarms) {
      expect(name).toMatch(/^tidemark-prod-[a-z0-9-]+$/);
      expect(alarm.AlarmActions).toEqual([{ Ref: topic }]);
      expect(alarm.AlarmDescription).toMatch(/\. First: .{20,}\.$/);
      expect(alarm.AlarmDescription.length).toBeLessThan(1024);
      expect(alarm.Metrics).toBeUndefined();
      expect(alarm.OKActions).toEqual(alarm.AlarmActions);
    }
  });

  it('are one per function and kind: errors, throttles, and a duration over 80 % of the timeout', () => {
    for (const name of names) {
      const expected = [
        ['errors', 'Errors', 'Sum', 0],
        ['throttles', 'Throttles', 'Sum', 0],
        ['duration', 'Duration', 'Maximum', functions[name].timeoutSeconds * 800],
      ] as const;
      for (const [kind, MetricName, Statistic, Threshold] of expected) {
        const alarm = alarms.get(`tidemark-prod-${name}-${kind}`);
        expect(alarm).toMatchObject({
          Namespace: 'AWS/Lambda',
          MetricName,
          Statistic,
          Threshold,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'notBreaching',
        });
        expect(dimension(alarm, 'FunctionName')).toBe(`tidemark-prod-${name}`);
      }
    }
    const perFunction = [...alarms.values()].filter(({ MetricName }) =>
      ['Errors', 'Throttles', 'Duration'].includes(MetricName),
    );
    expect(perFunction).toHaveLength(names.length * 3);
  });

  it('take no session that is over for a fault: an authorizer says so by throwing, and runs only where people sign in', () => {
    const config = stageConfig((key) => (key === 'stage' ? 'prod' : undefined));
    const oidc = {
      issuer: 'https://idp.example',
      clientId: 'x',
      operators: { claim: 'groups', values: ['ops'] },
    };
    const kinds = (stage: typeof config) =>
      alarmList(stage).flatMap(({ name }) => (name.startsWith('authorize-') ? [name] : []));
    expect(kinds({ ...config, auth: { ...config.auth, oidc } })).toEqual([
      'authorize-throttles',
      'authorize-duration',
    ]);
    expect(kinds(config)).toEqual([]);
  });

  it('hear a tick that does not run: no invocation in 10 minutes, where no data is the finding', () => {
    expect(alarms.get('tidemark-prod-tick-silence')).toMatchObject({
      MetricName: 'Invocations',
      Statistic: 'Sum',
      Period: 600,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
    const breaching = [...alarms].filter(([, { TreatMissingData }]) => TreatMissingData === 'breaching');
    expect(breaching.map(([name]) => name).sort()).toEqual([
      'tidemark-prod-canary-missed',
      'tidemark-prod-notify-silence',
      'tidemark-prod-publish-silence',
      'tidemark-prod-tick-silence',
      'tidemark-prod-watchdog-silent',
    ]);
  });

  it('hear a day without a noticed canary: 32 hours without a data point, where drift is injected and nowhere else', () => {
    const missed = alarms.get('tidemark-prod-canary-missed');
    expect(missed).toMatchObject({
      Namespace: telemetryNamespace,
      MetricName: 'CanaryNoticed',
      Dimensions: [{ Name: 'environment', Value: 'prod' }],
      Statistic: 'Sum',
      Period: 3600,
      EvaluationPeriods: 32,
      DatapointsToAlarm: 32,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
    // what PutMetricAlarm allows: a week
    expect(missed!.Period * missed!.EvaluationPeriods).toBeLessThanOrEqual(604_800);
    expect(missed!.AlarmDescription).toMatch(/^CRITICAL/);
    const without = alarmList(stageConfig((key) => ({ stage: 'prod', canary: 'false' })[key]));
    expect(without.filter(({ name }) => name.includes('canary'))).toEqual([]);
    expect(alarms.has('tidemark-prod-canary-silence')).toBe(false);
  });

  it('hear of one prediction that is not logged and one record that cannot be read, where no data is none', () => {
    const heard = [...alarms]
      .filter(
        ([, { Namespace, TreatMissingData }]) =>
          Namespace === 'Tidemark' && TreatMissingData === 'notBreaching',
      )
      .map(([name, { MetricName }]) => [name, MetricName]);
    expect(heard.sort()).toEqual([
      ['tidemark-prod-quarantined-records', 'QuarantinedRecords'],
      ['tidemark-prod-unlogged-predictions', 'UnloggedPredictions'],
    ]);
    for (const [name] of heard)
      expect(alarms.get(name!)).toMatchObject({
        Dimensions: [{ Name: 'environment', Value: 'prod' }],
        Statistic: 'Sum',
        Threshold: 0,
        ComparisonOperator: 'GreaterThanThreshold',
      });
  });

  it('watch every dead-letter queue there is, and keep the alarm while an idle queue tells nothing', () => {
    for (const stage of [prod, synthStage('dev')]) {
      const queues = stage.working.flatMap((stack) =>
        Object.values(stack.findResources('AWS::SQS::Queue')).map(({ Properties }) => Properties.QueueName),
      );
      const watched = [...alarmsOf(stage).values()].filter(({ Namespace }) => Namespace === 'AWS/SQS');
      expect(watched.map((alarm) => dimension(alarm, 'QueueName')).sort()).toEqual(queues.sort());
      expect(queues.length).toBe(2);
      for (const alarm of watched)
        expect(alarm).toMatchObject({
          MetricName: 'ApproximateNumberOfMessagesVisible',
          Statistic: 'Maximum',
          Threshold: 0,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'ignore',
        });
    }
  });

  it('include the queue of failed batches, where a stage has one', () => {
    const config = stageConfig((key) => (key === 'stage' ? 'dev' : undefined));
    const [queue] = Object.values(synthStage('local').serving.findResources('AWS::SQS::Queue'));
    const watched = alarmList({
      ...config,
      stage: 'local',
      capture: { ...config.capture, onFailure: 'sqs' },
    }).flatMap(({ metric }) => metric.dimensions.QueueName ?? []);
    expect(watched).toContain(queue?.Properties.QueueName);
    expect(watched).toHaveLength(3);
  });

  it('hear a capture ten minutes behind, and a run that failed or ran out of time', () => {
    const age = alarms.get('tidemark-prod-capture-iterator-age');
    expect(age).toMatchObject({ MetricName: 'IteratorAge', Statistic: 'Maximum', Threshold: 600_000 });
    expect(dimension(age, 'FunctionName')).toBe('tidemark-prod-capture');
    for (const [name, metric] of [
      ['retrain-failed', 'ExecutionsFailed'],
      ['retrain-timed-out', 'ExecutionsTimedOut'],
    ]) {
      const alarm = alarms.get(`tidemark-prod-${name}`);
      expect(alarm).toMatchObject({ Namespace: 'AWS/States', MetricName: metric, Threshold: 0 });
      expect(JSON.stringify(dimension(alarm, 'StateMachineArn'))).toContain(
        ':stateMachine:tidemark-prod-retrain"',
      );
    }
  });

  it('watch the share of 5xx of the API, by the name and stage it has', () => {
    const alarm = alarms.get('tidemark-prod-api-5xx');
    expect(alarm).toMatchObject({
      MetricName: '5XXError',
      Statistic: 'Average',
      Threshold: 0.01,
      DatapointsToAlarm: 2,
      EvaluationPeriods: 3,
    });
    prod.serving.hasResourceProperties('AWS::ApiGateway::RestApi', { Name: dimension(alarm, 'ApiName') });
    prod.serving.hasResourceProperties('AWS::ApiGateway::Stage', { StageName: dimension(alarm, 'Stage') });
  });

  it('are of what is shared only in dev, and there is nothing of the kind in stage local', () => {
    const shared = [...alarms.keys()].filter(
      (name) =>
        !/(-(errors|throttles|duration|unlogged-predictions|quarantined-records)|(?<!capture)-undelivered)$/.test(
          name,
        ),
    );
    expect([...alarmsOf(dev).keys()].sort()).toEqual(
      shared
        .filter((name) => name !== 'tidemark-prod-canary-missed')
        .map((name) => name.replace('-prod-', '-dev-'))
        .sort(),
    );
    const local = synthStage('local');
    expect(local.stacks.observability).toBeUndefined();
    for (const stack of [local.data, ...local.working])
      for (const type of ['CloudWatch::Alarm', 'SNS::Topic', 'KMS::Key', 'Budgets::Budget'])
        stack.resourceCountIs(`AWS::${type}`, 0);
  });
});

describe('alarm topic', () => {
  it('lies under the key of prod, takes messages over TLS only, from its own alarms, the budget and the alert manager', () => {
    const { observability } = prod;
    observability!.hasResourceProperties('AWS::SNS::Topic', { TopicName: 'tidemark-prod-alarms' });
    observability!.allResourcesProperties('AWS::SNS::Topic', {
      KmsMasterKeyId: { 'Fn::ImportValue': Match.stringLikeRegexp('^tidemark-prod-data:.*Key.*Arn') },
    });
    const [policy] = Object.values(observability!.findResources('AWS::SNS::TopicPolicy'));
    const statements = policy?.Properties.PolicyDocument.Statement as {
      Effect: string;
      Principal: { Service?: string };
      Condition: { Bool?: unknown; ArnLike?: unknown; StringEquals?: unknown };
    }[];
    expect(statements.filter(({ Effect }) => Effect === 'Deny')).toMatchObject([
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.map(({ Principal }) => Principal.Service)).toEqual([
      'cloudwatch.amazonaws.com',
      'budgets.amazonaws.com',
      'aps.amazonaws.com',
    ]);
    for (const { Condition } of allowed)
      expect(Condition).toMatchObject({
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        ArnLike: { 'aws:SourceArn': expect.anything() },
      });
    expect(JSON.stringify(allowed[0]?.Condition.ArnLike)).toContain(':alarm:tidemark-prod-*');
  });

  it('is not under the key AWS manages for topics in dev, which alarms may not use', () => {
    dev.observability!.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.absent() });
  });

  it('may be written to by those who tell it something: the key of prod lets them', () => {
    const [key] = Object.values(prod.data.findResources('AWS::KMS::Key'));
    const statements = key?.Properties.KeyPolicy.Statement as { Principal: { Service?: unknown } }[];
    const services = statements.flatMap(({ Principal }) => Principal.Service);
    for (const service of ['cloudwatch', 'budgets', 'events', 'aps', 'sns'].map(
      (name) => `${name}.amazonaws.com`,
    ))
      expect(services).toContain(service);
  });

  it('sends mail to the address of the context, and to nobody without one: alarms as they are, the rest by notify', () => {
    prod.observability!.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: email,
      FilterPolicyScope: 'MessageBody',
      FilterPolicy: { AlarmName: [{ exists: true }], NewStateValue: ['ALARM'] },
    });
    const [mail] = Object.keys(prod.monitoring.findResources('AWS::SNS::Topic'));
    prod.monitoring.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: email,
      TopicArn: { Ref: mail },
    });
    prod.monitoring.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'tidemark-prod-notify',
      Environment: {
        Variables: Match.objectLike({
          NOTIFY_TOPIC_ARN: { Ref: mail },
          PAGERDUTY_EVENTS_URL: pagerDutyEventsUrl,
        }),
      },
    });
    for (const stack of [dev.observability!, dev.monitoring])
      expect(stack.findResources('AWS::SNS::Subscription', { Properties: { Protocol: 'email' } })).toEqual(
        {},
      );
  });

  it('tells notify, which nobody else may invoke by a topic; what cannot be handed over waits in a queue it may write to', () => {
    const [topic] = Object.keys(
      dev.observability!.findResources('AWS::SNS::Topic', {
        Properties: { TopicName: 'tidemark-dev-alarms' },
      }),
    );
    dev.observability!.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'lambda',
      TopicArn: { Ref: topic },
      Endpoint: endsWith(':function:tidemark-dev-notify'),
      RedrivePolicy: { deadLetterTargetArn: endsWith(':tidemark-dev-monitoring-dead-letters') },
    });
    dev.monitoring.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'sns.amazonaws.com',
      FunctionName: { 'Fn::GetAtt': [Match.stringLikeRegexp('^NotifyFunction'), 'Arn'] },
      SourceArn: endsWith(':tidemark-dev-alarms'),
    });
    dev.monitoring.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'sns.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Condition: { ArnEquals: { 'aws:SourceArn': endsWith(':tidemark-dev-alarms') } },
          }),
        ]),
      },
    });
  });
});

describe('logs', () => {
  it('lie under the key of prod, whose policy names each of their groups', () => {
    const [key] = Object.values(prod.data.findResources('AWS::KMS::Key'));
    const policy = JSON.stringify(key?.Properties.KeyPolicy);
    for (const prefix of [
      '/aws/lambda/tidemark-prod-',
      '/aws/vendedlogs/states/tidemark-prod-',
      '/aws/vendedlogs/prometheus/tidemark-prod-metrics',
    ])
      expect(policy).toContain(`:log-group:${prefix}*`);
    expect(policy).toContain(`:log-group:${prod.stacks.serving.stackName}*`);
    for (const stack of prod.working)
      for (const { Properties } of Object.values(stack.findResources('AWS::Logs::LogGroup'))) {
        expect(Properties.KmsKeyId).toEqual({ 'Fn::ImportValue': expect.stringContaining('Key') });
        expect(Properties.LogGroupName ?? '/aws/lambda/tidemark-prod-').toMatch(
          /^\/aws\/(lambda|vendedlogs\/(states|prometheus))\/tidemark-prod-/,
        );
      }
  });
});

describe('budget', () => {
  it('tells the topic of 80 % spent, all spent, and a forecast above it', () => {
    const [topic] = Object.keys(prod.observability!.findResources('AWS::SNS::Topic'));
    const [budget] = Object.values(prod.observability!.findResources('AWS::Budgets::Budget'));
    expect(budget?.Properties.Budget).toEqual({
      BudgetName: 'tidemark-prod-monthly',
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: 40, Unit: 'USD' },
    });
    const notices = budget?.Properties.NotificationsWithSubscribers as {
      Notification: Record<string, unknown>;
      Subscribers: unknown;
    }[];
    expect(notices.map(({ Notification: { NotificationType: type, Threshold: at } }) => [type, at])).toEqual([
      ['ACTUAL', 80],
      ['ACTUAL', 100],
      ['FORECASTED', 100],
    ]);
    for (const { Subscribers } of notices)
      expect(Subscribers).toEqual([{ SubscriptionType: 'SNS', Address: { Ref: topic } }]);
  });

  it('is not made unless asked for', () => {
    dev.observability!.resourceCountIs('AWS::Budgets::Budget', 0);
  });
});

describe('Grafana', () => {
  it('is left out unless it is asked for, and a deployment says how to add it', () => {
    for (const { observability } of [prod, dev]) {
      observability!.resourceCountIs('AWS::Grafana::Workspace', 0);
      const said = Object.values(observability!.findOutputs('*')).map(({ Value }) => Value);
      expect(said).toContainEqual(expect.stringMatching(/^left out: .*-c grafana=identityCenter/));
    }
  });

  it('reads the metrics of its stage and nothing else, for people of the identity provider', () => {
    const { observability } = synthStage('dev', {
      grafana: 'saml',
      grafanaSamlMetadata: 'https://example.com/metadata',
      grafanaSamlAdmins: 'ml-platform',
    });
    observability!.hasResourceProperties('AWS::Grafana::Workspace', {
      AuthenticationProviders: ['SAML'],
      PermissionType: 'CUSTOMER_MANAGED',
      SamlConfiguration: {
        IdpMetadata: { Url: 'https://example.com/metadata' },
        RoleValues: { Admin: ['ml-platform'] },
      },
    });
    const statements = Object.values(observability!.findResources('AWS::IAM::Policy'))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => [Action].flat().includes('aps:QueryMetrics'));
    expect(statements).toHaveLength(1);
    expect(
      statements[0].Action.every((action: string) => /^aps:(Describe|Get|List|Query)/.test(action)),
    ).toBe(true);
    expect(statements[0].Resource).toHaveProperty('Fn::ImportValue');
  });
});
