// What the context of `cdk deploy -c …` selects, and what it refuses.
import { describe, expect, it } from 'vitest';
import { stageNames } from './config.ts';
import { UnknownContextValueError } from './context-value.ts';
import { refuseUnknownKeys, stageConfig } from './stage-config.ts';

const withContext = (context: Record<string, unknown>) => stageConfig((key) => context[key]);

describe('stageConfig()', () => {
  it('is dev unless told', () => {
    expect(withContext({}).stage).toBe('dev');
    for (const stage of stageNames) expect(withContext({ stage }).stage).toBe(stage);
  });

  it('names the stages there are when it does not know the one it is given', () => {
    expect(() => withContext({ stage: 'production' })).toThrow(UnknownContextValueError);
    expect(() => withContext({ stage: 'production' })).toThrow(
      'unknown stage "production": want local, dev, prod',
    );
  });

  it('takes another architecture for any stage, and refuses one Lambda does not have', () => {
    expect(withContext({ stage: 'prod' }).architecture).toBe('x86_64');
    expect(withContext({ stage: 'prod', architecture: 'arm64' }).architecture).toBe('arm64');
    expect(() => withContext({ architecture: 'riscv' })).toThrow('want x86_64, arm64');
  });

  it('injects a drift every day in prod, where it is asked for, and nowhere that no rule could notice it', () => {
    expect(withContext({ stage: 'prod' }).canary).toBe(true);
    expect(withContext({ stage: 'prod', canary: 'false' }).canary).toBe(false);
    expect(withContext({ stage: 'prod', prometheus: 'none' }).canary).toBe(false);
    expect(withContext({}).canary).toBe(false);
    expect(withContext({ canary: 'true' }).canary).toBe(true);
    expect(() => withContext({ canary: 'true', prometheus: 'none' })).toThrow('evaluates no rules');
    expect(() => withContext({ canary: 'true', stage: 'local' })).toThrow('canary is given for stage local');
    expect(() => withContext({ canary: 'daily' })).toThrow('want true, false');
  });

  it('takes an address for alarms and a budget, and refuses what is neither', () => {
    expect(withContext({})).not.toHaveProperty('alarmEmail');
    expect(withContext({})).not.toHaveProperty('monthlyBudgetUsd');
    expect(
      withContext({ stage: 'prod', alarmEmail: 'ops@example.com', monthlyBudgetUsd: '50.5' }),
    ).toMatchObject({ alarmEmail: 'ops@example.com', monthlyBudgetUsd: 50.5 });
    expect(withContext({ monthlyBudgetUsd: 1 }).monthlyBudgetUsd).toBe(1);
    for (const alarmEmail of ['', 'ops', 'a@b', 'a@example.com b@example.com', 7])
      expect(() => withContext({ alarmEmail })).toThrow('want one address');
    for (const monthlyBudgetUsd of ['', 'much', '0.99', -5, Number.NaN, true])
      expect(() => withContext({ monthlyBudgetUsd })).toThrow('want a number of dollars, at least 1');
  });

  it('sends metrics to another receiver where AMP is not wanted, and takes no password for it', () => {
    const remoteWriteUrl = 'https://mimir.example.com/api/v1/push';
    expect(withContext({ prometheus: 'none', remoteWriteUrl }).remoteWriteUrl).toBe(remoteWriteUrl);
    expect(withContext({ stage: 'local', remoteWriteUrl }).remoteWriteUrl).toBe(remoteWriteUrl);
    expect(withContext({})).not.toHaveProperty('remoteWriteUrl');
    expect(() => withContext({ remoteWriteUrl })).toThrow('want prometheus none');
    for (const url of ['http://mimir.example.com/', 'mimir', '', 7, 'https://ann:hunter2@example.com/']) {
      const refused = () => withContext({ prometheus: 'none', remoteWriteUrl: url });
      expect(refused).toThrow('belong into a secret');
      expect(refused).not.toThrow('hunter2');
    }
  });

  it('adds Grafana for people of an Identity Center or by SAML, and for nobody unless it is asked to', () => {
    for (const stage of stageNames) expect(withContext({ stage })).not.toHaveProperty('grafana');
    expect(withContext({ grafana: 'none' })).not.toHaveProperty('grafana');
    expect(withContext({ grafana: 'identityCenter' }).grafana).toEqual({ by: 'identityCenter' });
    const saml = {
      grafana: 'saml',
      grafanaSamlMetadata: 'https://example.com/meta',
      grafanaSamlAdmins: 'a,b',
    };
    expect(withContext(saml).grafana).toEqual({
      by: 'saml',
      metadataUrl: 'https://example.com/meta',
      roleAttribute: 'role',
      admins: ['a', 'b'],
    });
    expect(withContext({ ...saml, grafanaSamlRole: 'groups' }).grafana).toMatchObject({
      roleAttribute: 'groups',
    });
    expect(() => withContext({ grafana: 'okta' })).toThrow('want identityCenter, saml, none');
    expect(() => withContext({ ...saml, grafanaSamlMetadata: 'http://example.com' })).toThrow(
      'want the https:// address',
    );
    expect(() => withContext({ ...saml, grafanaSamlAdmins: ',' })).toThrow('grafanaSamlAdmins is missing');
    expect(() => withContext({ grafanaSamlAdmins: 'a' })).toThrow('want -c grafana=saml beside it');
    expect(() => withContext({ stage: 'local', grafana: 'identityCenter' })).toThrow('given for stage local');
  });

  it('has alerts told by Managed Prometheus, or by Grafana where that is and nothing would be lost', () => {
    for (const stage of stageNames) expect(withContext({ stage }).alerting).toBe('amp');
    const grafana = 'identityCenter';
    expect(withContext({ grafana }).alerting).toBe('amp');
    expect(withContext({ grafana, alerting: 'grafana' }).alerting).toBe('grafana');
    expect(() => withContext({ alerting: 'both' })).toThrow('unknown alerting "both": want amp, grafana');
    for (const without of [{}, { grafana: 'none' }, { prometheus: 'none' }])
      expect(() => withContext({ ...without, alerting: 'grafana' })).toThrow(
        'alerting is "grafana" without a Managed Grafana',
      );
    const alerts = { pagerDutySecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:pagerduty' };
    expect(withContext({ grafana, alerts })).toMatchObject({ alerting: 'amp', alerts });
    expect(() => withContext({ grafana, alerts, alerting: 'grafana' })).toThrow(
      'PagerDuty would not be paged',
    );
    expect(() => withContext({ stage: 'local', alerting: 'amp' })).toThrow('given for stage local');
  });

  it('has no alarms, mail, budget or key on this computer, and says so to who asks', () => {
    expect(withContext({ stage: 'local' })).toMatchObject({ alarms: 'none', encryption: 'managed' });
    for (const one of [{ alarmEmail: 'ops@example.com' }, { monthlyBudgetUsd: '5' }])
      expect(() => withContext({ stage: 'local', ...one })).toThrow(
        'is given for stage local: want stage dev or prod',
      );
  });

  it('records traces in prod and where it is asked to, and refuses what is neither on nor off', () => {
    expect(withContext({ stage: 'prod' }).tracing).toBe('active');
    expect(withContext({}).tracing).toBe('passThrough');
    expect(withContext({ tracing: 'active' }).tracing).toBe('active');
    expect(withContext({ stage: 'prod', tracing: 'passThrough' }).tracing).toBe('passThrough');
    expect(() => withContext({ tracing: 'on' })).toThrow('unknown tracing "on": want active, passThrough');
  });

  it('takes another front and another way for new code to take over, and refuses those there are not', () => {
    expect(withContext({ stage: 'prod' })).toMatchObject({ front: 'rest', rollout: 'canary' });
    expect(withContext({})).toMatchObject({ front: 'rest', rollout: 'allAtOnce' });
    expect(withContext({ stage: 'local' })).toMatchObject({ front: 'rest', rollout: 'none' });
    expect(withContext({ front: 'http', rollout: 'linear' })).toMatchObject({
      front: 'http',
      rollout: 'linear',
    });
    expect(() => withContext({ front: 'alb' })).toThrow('unknown front "alb": want rest, http');
    expect(() => withContext({ rollout: 'blue' })).toThrow(
      'unknown rollout "blue": want none, allAtOnce, canary, linear',
    );
  });

  it('takes instances by function, as an object or JSON, and refuses what Lambda would refuse later', () => {
    expect(withContext({})).toMatchObject({ provisionedConcurrency: {}, reservedConcurrency: {} });
    expect(
      withContext({ provisionedConcurrency: '{"predict":1}', reservedConcurrency: { predict: 1 } }),
    ).toMatchObject({ provisionedConcurrency: { predict: 1 }, reservedConcurrency: { predict: 1 } });
    for (const key of ['provisionedConcurrency', 'reservedConcurrency']) {
      for (const count of [0, -1, 1.5, '2', null])
        expect(() => withContext({ [key]: { predict: count } })).toThrow(
          `${key} of predict is ${JSON.stringify(count)}: want a whole number from 1`,
        );
      expect(() => withContext({ [key]: { predicts: 1 } })).toThrow(
        /^unknown function "predicts" in \w+: want .*predict, /,
      );
      for (const value of ['{"predict":', '7', '[]', 5])
        expect(() => withContext({ [key]: value })).toThrow('want an object as JSON');
    }
    expect(() => withContext({ provisionedConcurrency: { admin: 1 } })).toThrow(
      'provisionedConcurrency is given for admin, which has no alias: want predict, feedback',
    );
    expect(() => withContext({ provisionedConcurrency: { predict: 1 }, rollout: 'none' })).toThrow(
      'want rollout allAtOnce, canary or linear',
    );
    const both = { provisionedConcurrency: { predict: 2 }, reservedConcurrency: { predict: 1 } };
    expect(() => withContext(both)).toThrow('want at most its reservedConcurrency, 1');
  });

  it('takes tags as AWS takes them, and none that are its own', () => {
    expect(withContext({}).tags).toEqual({});
    const tags = { 'cost-center': '4711', team: '', ['k'.repeat(128)]: 'v'.repeat(256) };
    expect(withContext({ tags: JSON.stringify(tags) }).tags).toEqual(tags);
    for (const [key, value, want] of [
      ['', 'x', 'want 1 to 128 letters'],
      ['k'.repeat(129), 'x', 'want 1 to 128 letters'],
      ['a<b', 'x', 'want 1 to 128 letters'],
      ['team', 'v'.repeat(257), 'want a text of at most 256'],
      ['team', 7, 'the tag "team" is 7: want a text'],
      ['AWS:team', 'x', 'that prefix is reserved'],
      ['stage', 'x', 'want another key than project, stage'],
    ] as const)
      expect(() => withContext({ tags: { [key]: value } })).toThrow(want);
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']));
    expect(Object.keys(withContext({ tags: many(40) }).tags)).toHaveLength(40);
    expect(() => withContext({ tags: many(41) })).toThrow('there are 41 tags: want at most 40');
  });

  it('has one front and no aliases on this computer, and says so to who asks for others', () => {
    for (const one of [
      { front: 'http' },
      { rollout: 'canary' },
      { provisionedConcurrency: { predict: 1 } },
      { reservedConcurrency: { predict: 1 } },
    ])
      expect(() => withContext({ stage: 'local', ...one })).toThrow(
        'is given for stage local: want stage dev or prod',
      );
  });

  it('refuses a misspelt knob, and takes what the CDK itself has in the context', () => {
    const theirs = ['aws:cdk:bundling-stacks', '@aws-cdk/core:newStyleStackSynthesis', 'cli-telemetry'];
    expect(() => refuseUnknownKeys([...theirs, 'stage', 'pii'])).not.toThrow();
    expect(() => refuseUnknownKeys([...theirs, 'Stage'])).toThrow(
      'unknown key "Stage" in the context: want stage, alarmEmail, alerting, alerts, architecture,',
    );
  });

  it('keeps what prod stores when a stack goes, and never filters away the lines of unstored predictions', () => {
    expect(withContext({ stage: 'prod' })).toMatchObject({ removal: 'retain', terminationProtection: true });
    for (const stage of stageNames)
      expect(['debug', 'info', 'warn']).toContain(withContext({ stage }).logLevel);
  });
});
