/** The file that is made from the alerts for Managed Grafana; `generated.test.ts` holds the committed one to it, and writes it with `UPDATE=1`. */
import { renderAlerting } from './render-alerting.ts';

/** Text by path in the repository: what a deployment hands to Managed Grafana. */
export const grafanaRuleFiles: ReadonlyMap<string, string> = new Map([
  ['observability/grafana-rules/json/tidemark.json', `${JSON.stringify(renderAlerting(), null, 2)}\n`],
]);
