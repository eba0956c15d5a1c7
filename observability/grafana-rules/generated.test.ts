import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { grafanaRuleFiles } from './generated.ts';

const root = new URL('../../', import.meta.url);

describe('the file made from the alerts for Managed Grafana', () => {
  test.each([...grafanaRuleFiles.keys()])('%s is what the alerts say (UPDATE=1 rewrites it)', (path) => {
    const file = new URL(path, root);
    if (process.env.UPDATE === '1') {
      mkdirSync(dirname(file.pathname), { recursive: true });
      writeFileSync(file, grafanaRuleFiles.get(path)!);
    }
    expect(readFileSync(file, 'utf8')).toBe(grafanaRuleFiles.get(path));
  });
});
