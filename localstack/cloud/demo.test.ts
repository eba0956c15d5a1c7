import { expect, test } from 'vitest';
import { type CloudDemoResult, failuresOf } from './demo.ts';

const held: CloudDemoResult = {
  champion_before: 'v1',
  champion_after: 'v2',
  false_alarms: 0,
  run: 'promoted',
  run_on_noise: 'rejected',
  error: { usual: 10, under_drift: 50, after: 30 },
  recovery: 0.5,
  rolled_back: true,
  predictions_sent: 3000,
  predictions_counted: 3000,
  duration_s: 90,
};

test('a story that held what it claims has no failures, half of the damage undone being enough', () => {
  expect(failuresOf(held)).toEqual([]);
});

test.each<[Partial<CloudDemoResult>, string]>([
  [{ false_alarms: 1 }, '1 alarms were confirmed while nothing had changed'],
  [{ run: null }, 'no new version was promoted: no run was started'],
  [{ run: 'rejected' }, 'no new version was promoted: rejected'],
  [{ recovery: 0.49 }, 'the new version undid 49 % of the damage; 50 % are claimed'],
  [{ run_on_noise: 'promoted' }, 'no candidate was rejected on meaningless labels: promoted'],
  [{ rolled_back: false }, 'the rollback did not bring the version before back'],
  [{ predictions_counted: 2999 }, '3000 predictions were answered and 2999 counted'],
])('%o is said: %s', (change, said) => {
  expect(failuresOf({ ...held, ...change })).toEqual([said]);
});
