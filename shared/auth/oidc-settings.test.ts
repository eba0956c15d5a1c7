import { describe, expect, test } from 'vitest';
import { stageConfig } from '../../cdk/stage-config.ts';
import { parseSettings } from '../settings.ts';

const oidc = {
  issuer: 'https://id.example.com/tenant/v2.0',
  clientId: 'tidemark',
  operators: { claim: 'cognito:groups', values: ['ml-ops'] },
};

describe('the settings of signing in', () => {
  test('are read as the deployment writes them', () => {
    for (const knob of [
      oidc,
      { ...oidc, viewers: { claim: 'hd', values: ['example.com'] }, scopes: ['openid2'] },
    ]) {
      const { auth } = stageConfig((key) => (key === 'oidc' ? knob : undefined));
      expect(parseSettings({ OIDC: JSON.stringify(auth.oidc) }).OIDC).toEqual({ scopes: ['email'], ...knob });
    }
    expect(parseSettings({})).not.toHaveProperty('OIDC');
  });

  test('are refused by name when they are none', () => {
    expect(() => parseSettings({ OIDC: 'x' })).toThrow(/OIDC="x": not JSON/);
    expect(() => parseSettings({ OIDC: '{}' })).toThrow(/OIDC/);
    expect(() => parseSettings({ OIDC: JSON.stringify({ ...oidc, issuer: 'ftp://x' }) })).toThrow(/OIDC/);
  });
});
