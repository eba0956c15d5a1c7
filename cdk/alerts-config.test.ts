import { expect, test } from 'vitest';
import { readAlerts } from './alerts-config.ts';

test('links and a secret are read from JSON or an object', () => {
  const alerts = {
    consoleUrl: 'https://ml.example.com/prod',
    runbooksUrl: 'https://wiki.example.com/runbooks',
    pagerDutySecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:tidemark/prod/pagerduty-AbCdEf',
  };
  expect(readAlerts(alerts)).toEqual(alerts);
  expect(readAlerts(JSON.stringify(alerts))).toEqual(alerts);
  expect(readAlerts(undefined)).toBeUndefined();
});

test.each([
  [
    '{"consoleUrl":"http://ml.example.com"}',
    'unknown alerts.consoleUrl "http://ml.example.com": want an https:// address',
  ],
  ['{"runbooksUrl":"https://wiki.example.com/"}', 'want an https:// address without a slash at its end'],
  [
    '{"pagerDutySecretArn":"R0UT1NGKEY"}',
    'unknown alerts.pagerDutySecretArn "R0UT1NGKEY": want the ARN of a secret',
  ],
  ['{"slack":"x"}', 'unknown alerts.slack: want consoleUrl, runbooksUrl, pagerDutySecretArn'],
  ['no json', 'unknown alerts "no json": want an object as JSON'],
])('%s is refused', (value, said) => {
  expect(() => readAlerts(value)).toThrow(said);
});
