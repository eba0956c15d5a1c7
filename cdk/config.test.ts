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

  it('keeps what prod stores when a stack goes, and never filters away the lines of unstored predictions', () => {
    expect(withContext({ stage: 'prod' })).toMatchObject({ removal: 'retain', terminationProtection: true });
    for (const stage of stageNames)
      expect(['debug', 'info', 'warn']).toContain(withContext({ stage }).logLevel);
  });
});
