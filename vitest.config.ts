import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{shared,lambdas,cli,container,docs,statemachines,observability}/**/*.test.ts',
            'localstack/**/*.test.ts',
          ],
          exclude: ['**/*.e2e.test.ts', '**/*.foreign.test.ts', '**/*.pg.test.ts', '**/*.cloud.test.ts'],
        },
      },
      { extends: true, test: { name: 'cdk', include: ['cdk/**/*.test.ts'], testTimeout: 120_000 } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['localstack/**/*.e2e.test.ts', 'cli/**/*.e2e.test.ts'],
          testTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'cloud',
          include: ['localstack/cloud/*.cloud.test.ts'],
          globalSetup: './localstack/cloud/test-setup.ts',
          testTimeout: 300_000,
          fileParallelism: false,
        },
      },
      { extends: true, test: { name: 'postgres', include: ['shared/**/*.pg.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'foreign',
          include: ['cli/**/*.foreign.test.ts'],
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
