import { defineConfig } from 'vitest/config';

/** Left to itself vitest keeps one core for itself, which is half of the machine CI has. */
const everyCore = { maxWorkers: '100%' };

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // reading the same modules anew for each of 200 files took half of the time
          isolate: false,
          ...everyCore,
          sequence: { groupOrder: 1 },
          include: [
            '{shared,lambdas,cli,container,docs,statemachines,observability,bench}/**/*.test.ts',
            'localstack/**/*.test.ts',
          ],
          exclude: [
            '**/*.e2e.test.ts',
            '**/*.foreign.test.ts',
            '**/*.pg.test.ts',
            '**/*.cloud.test.ts',
            '**/*.prometheus.test.ts',
            '**/*.browser.test.ts',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'cdk',
          include: ['cdk/**/*.test.ts'],
          testTimeout: 120_000,
          // files of a process share its modules, and so each stage is synthesised once in it
          isolate: false,
          ...everyCore,
          sequence: { groupOrder: 2 },
          globalSetup: './cdk/test-setup.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['localstack/**/*.e2e.test.ts', 'cli/**/*.e2e.test.ts'],
          testTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
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
      {
        extends: true,
        test: {
          name: 'prometheus',
          include: ['{shared,lambdas,cdk,cli,localstack,observability}/**/*.prometheus.test.ts'],
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['{observability,lambdas,cli}/**/*.browser.test.ts'],
          testTimeout: 120_000,
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
