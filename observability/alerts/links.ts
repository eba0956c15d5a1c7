/** Where an alert leads to: its runbook, the model's newest report and its console page. Templates that Prometheus fills with the labels of the alert. */
import { runbookName } from './alert.ts';

export interface LinkBase {
  /** Where people reach the console and the API, without a slash at its end. */
  readonly url: string;
  /** Where the runbooks are read: a folder of the repository, or its address on the web. */
  readonly runbooks: string;
}

/** Of the host on this computer. */
export const localLinks: LinkBase = { url: 'http://127.0.0.1:8000', runbooks: 'docs/runbooks' };

const model = '{{ $labels.model }}';

export function linksOf(
  alert: string,
  isOfModel: boolean,
  { url, runbooks }: LinkBase,
): Record<string, string> {
  const runbook_url = `${runbooks}/${runbookName(alert)}.md`;
  if (!isOfModel) return { runbook_url, console_url: `${url}/console` };
  return {
    runbook_url,
    // of the console, which opens by a session, a proxy and on a laptop; the API's own address takes a program's signature
    report_url: `${url}/console/models/${model}/reports/latest`,
    console_url: `${url}/console/models/${model}`,
  };
}
