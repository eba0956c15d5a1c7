// What the context of `cdk deploy -c …` selects, and what it refuses.
import { describe, expect, it } from 'vitest';
import { stageConfig, stageNames, UnknownContextValueError } from './config.ts';

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

  it('has no alarms, mail, budget or key on this computer, and says so to who asks', () => {
    expect(withContext({ stage: 'local' })).toMatchObject({ alarms: 'none', encryption: 'managed' });
    for (const one of [{ alarmEmail: 'ops@example.com' }, { monthlyBudgetUsd: '5' }])
      expect(() => withContext({ stage: 'local', ...one })).toThrow(
        'is given for stage local: want stage dev or prod',
      );
  });

  it('keeps what prod stores when a stack goes, and never filters away the lines of unstored predictions', () => {
    expect(withContext({ stage: 'prod' })).toMatchObject({ removal: 'retain', terminationProtection: true });
    for (const stage of stageNames)
      expect(['debug', 'info', 'warn']).toContain(withContext({ stage }).logLevel);
  });
});
