// The clock of the loop and what events reach, and that none is lost in silence.
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { routes, schedules, subscriptions } from '#shared/api/surface.ts';
import { functionsIn } from '../names.ts';
import { type SynthesisedStage, synthStage } from '../testing.ts';

let prod: SynthesisedStage;
beforeAll(() => {
  prod = synthStage('prod');
});

describe('monitoring stack', () => {
  it('has the functions that neither answer a route nor retrain', () => {
    expect(functionsIn('monitoring')).toEqual(expect.arrayContaining(['monitor', 'tick']));
    for (const name of functionsIn('monitoring')) {
      expect(name).not.toMatch(/^retrain-/);
      expect(routes.map((route) => route.handler)).not.toContain(name);
    }
  });

  it('ticks every minute by a rule, and leaves a missed tick to the next one', () => {
    expect(schedules).toContainEqual({ name: 'tick', everyMinutes: 1, handler: 'tick' });
    prod.monitoring.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [
        Match.objectLike({
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^TickFunction'), 'Arn'] },
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        }),
      ],
    });
    prod.monitoring.resourceCountIs('AWS::Scheduler::Schedule', 0);
  });

  it('injects a drift by a function that is there in prod only, unless a stage asks for it', () => {
    const names = (stage: SynthesisedStage) =>
      Object.values(stage.monitoring.findResources('AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.FunctionName as string,
      );
    expect(names(prod)).toContain('tidemark-prod-canary');
    prod.monitoring.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(10 minutes)',
      Targets: [
        Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CanaryFunction'), 'Arn'] } }),
      ],
    });
    prod.monitoring.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'tidemark-prod-publish',
      Environment: { Variables: Match.objectLike({ CANARY: 'on' }) },
    });
    expect(names(synthStage('dev'))).not.toContain('tidemark-dev-canary');
    expect(names(synthStage('dev', { canary: 'true' }))).toContain('tidemark-dev-canary');
  });

  it('tries an alert again for an hour, though notify has a clock as well', () => {
    prod.monitoring.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('^NotifyFunction') },
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 3600,
    });
    prod.monitoring.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('^TickFunction') },
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });

  it('hears its own events on its own bus', () => {
    prod.monitoring.hasResourceProperties('AWS::Events::EventBus', { Name: 'tidemark-prod' });
    for (const subscription of subscriptions.filter((one) => 'handler' in one))
      prod.monitoring.hasResourceProperties('AWS::Events::Rule', {
        EventBusName: { Ref: Match.stringLikeRegexp('^Bus') },
        EventPattern: { source: ['tidemark'], 'detail-type': [subscription.event] },
      });
  });

  it('gives every target and every asynchronously invoked function a dead-letter queue', () => {
    for (const stack of [prod.monitoring, prod.retrain]) {
      const queue = {
        'Fn::GetAtt': [Object.keys(stack.findResources('AWS::SQS::Queue'))[0], 'Arn'],
      };
      const targets = Object.values(stack.findResources('AWS::Events::Rule')).flatMap(
        (rule) => rule.Properties.Targets as Record<string, { Arn?: unknown }>[],
      );
      expect(targets.length).toBeGreaterThan(0);
      for (const target of targets) expect(target.DeadLetterConfig).toEqual({ Arn: queue });

      const arns = targets.map((target) => JSON.stringify(target.Arn));
      const invoked = new Set(arns.filter((arn) => arn.includes('Function')));
      const configs = Object.values(stack.findResources('AWS::Lambda::EventInvokeConfig'));
      expect(configs).toHaveLength(invoked.size);
      for (const { Properties } of configs)
        expect(Properties.DestinationConfig).toEqual({ OnFailure: { Destination: queue } });
    }
  });

  it('keeps dead letters encrypted, TLS only and for as long as SQS can', () => {
    const own = {
      SqsManagedSseEnabled: false,
      KmsMasterKeyId: { 'Fn::ImportValue': Match.stringLikeRegexp('^tidemark-prod-data:.*Key.*Arn') },
    };
    const ofService = { SqsManagedSseEnabled: true, KmsMasterKeyId: Match.absent() };
    for (const [stack, encryption] of [
      [prod.monitoring, own],
      [prod.retrain, own],
      [synthStage('local').serving, ofService],
    ] as const) {
      stack.allResourcesProperties('AWS::SQS::Queue', { ...encryption, MessageRetentionPeriod: 1_209_600 });
      stack.hasResourceProperties('AWS::SQS::QueuePolicy', {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      });
    }
  });
});
