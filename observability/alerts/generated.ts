/** Every file that is made from the alerts; `generated.test.ts` holds the committed ones to it, and writes them with `UPDATE=1`. */
import { localAlertmanager } from '../alertmanager/local.ts';
import { managedAlertmanager } from '../alertmanager/managed.ts';
import { runbookName } from './alert.ts';
import { localLinks } from './links.ts';
import { alerts } from './registry.ts';
import { renderRules } from './render-rules.ts';
import { runbookIndex, runbookPage, writtenIn } from './runbook.ts';

/** Where our host takes the notifications of an Alertmanager. */
const webhookPath = '/alerts/webhook';

const header =
  '# Made from observability/alerts: change that, then UPDATE=1 npx vitest run observability/alerts\n';

/**
 * @param read a file of the repository as it is now, undefined when there is none: what people wrote in runbooks is kept
 * @returns text by path in the repository
 */
export function generatedFiles(read: (path: string) => string | undefined): ReadonlyMap<string, string> {
  const example = 'arn:aws:sns:eu-west-1:111122223333:tidemark-prod';
  return new Map([
    ['observability/rules/tidemark.yml', header + renderRules(localLinks)],
    [
      'observability/alertmanager/alertmanager.yml',
      header + localAlertmanager(`http://127.0.0.1:8000${webhookPath}`),
    ],
    [
      'localstack/compose/alertmanager.yml',
      header + localAlertmanager(`http://host.docker.internal:8000${webhookPath}`),
    ],
    [
      'observability/alertmanager/managed-example.yml',
      header +
        managedAlertmanager({
          region: 'eu-west-1',
          topicArn: `${example}-alarms`,
          watchdogTopicArn: `${example}-watchdog`,
          pagerDuty: {
            secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:tidemark/prod/pagerduty',
            secretKey: 'routing_key',
          },
        }),
    ],
    ['docs/runbooks/README.md', runbookIndex(alerts)],
    ...alerts.map((alert): [string, string] => {
      const path = `docs/runbooks/${runbookName(alert.name)}.md`;
      return [path, runbookPage(alert, writtenIn(read(path)))];
    }),
  ]);
}
