/** The runbook page of an alert: what the data say, and below a line what people have written. */
import { type Alert, respondWithinMinutes, runbookName } from './alert.ts';
import { exprOf } from './render-rules.ts';

/** All above it is made from the alert; what is below it is written by hand and kept. */
export const handWrittenBelow = '<!-- written by hand below; above it is made from observability/alerts -->';

/**
 * @param written what stands below the line now
 * @returns the whole page
 */
export function runbookPage(alert: Alert, written: string): string {
  const { name, severity, forMinutes, description, impact, firstSteps, falseAlarm, closes } = alert;
  const answer =
    severity === 'none'
      ? 'always fires, tells nobody'
      : `${severity}, ${severity === 'critical' ? 'Slack and PagerDuty' : 'Slack'}, answer within ${duration(respondWithinMinutes[severity])}`;
  return `# ${name}

${answer}${forMinutes > 0 ? `; after it has held for ${duration(forMinutes)}` : ''}.

**What it says.** ${description}

**What it means.** ${impact}

**First three steps**

${firstSteps.map((step, at) => `${at + 1}. ${sentence(step)}`).join('\n')}

**A false alarm** looks like this: ${falseAlarm}

**What closes it.** ${closes}

${limitOf(alert)}

\`\`\`promql
${exprOf(alert)}
\`\`\`

${handWrittenBelow}
${written}`;
}

/** What stands below the line in a page, nothing when there is no page yet. */
export function writtenIn(page: string | undefined): string {
  const at = page?.indexOf(handWrittenBelow) ?? -1;
  return page === undefined || at < 0 ? '' : page.slice(at + handWrittenBelow.length + 1);
}

function limitOf({ threshold }: Alert): string {
  if (typeof threshold === 'number') return 'The expression:';
  return `The limit is \`tidemark_threshold{name="${threshold.name}"}\` of each model, ${threshold.fallback} where that is not published. The expression:`;
}

const duration = (minutes: number) =>
  minutes % 60 === 0 ? `${minutes / 60} ${minutes === 60 ? 'hour' : 'hours'}` : `${minutes} minutes`;
const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** The page that lists all of them: docs/runbooks/README.md. */
export function runbookIndex(alerts: readonly Alert[]): string {
  const rows = alerts.map((alert) => {
    const { name, severity, forMinutes, threshold } = alert;
    const limit =
      typeof threshold === 'number' ? String(threshold) : `${threshold.fallback} (\`${threshold.name}\`)`;
    return `| [${name}](${runbookName(name)}.md) | ${severity} | ${forMinutes} min | ${alert.is} ${limit} | ${alert.impact} |`;
  });
  return `# Runbooks

One page per alert, made from \`observability/alerts\`. Critical: Slack and PagerDuty, answer within 15 minutes; warning: Slack, within 4
hours. A limit with a name is \`tidemark_threshold\` of each model, which follows its policy; the figure holds where that is not
published.

| alert | severity | holds for | limit | what it means |
|---|---|---|---|---|
${rows.join('\n')}

Warnings about a model's drift, quality and answers wait while a critical alert of the same model is open; those about retraining and
capture never do. ErrorRateHigh waits while batches of the model are paused: a refused batch is a 503.

## One more alert

1. A value in one of the groups of \`observability/alerts\`: a signal per model, a limit, words for the night.
2. A recording beside it where the signal is sparse (\`latest('…')\`).
3. Its case in \`observability/alerts/rule-cases.testing.ts\`: series that are well, go wrong, and are well again.
4. \`UPDATE=1 npx vitest run --project unit observability\` writes rules, Alertmanager files, Grafana's rules, the page and this list.
5. What helps at night, below the line of its page.
6. \`npm run test:prometheus\` (Debian: \`apt-get install prometheus prometheus-alertmanager docker-compose\`).
`;
}
