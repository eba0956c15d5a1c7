/** Grafana-managed alerts hold nothing back: what an Alertmanager would is left out of the query instead, by the same rules. */
import { inhibitRules } from '../alertmanager/routes.ts';
import type { Alert } from '../alerts/alert.ts';

interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

/**
 * @returns PromQL to put after what fires: ` unless on (…) ALERTS{…}` for each rule that may hold `alert` back, nothing for most
 * @example unlessInhibited(psiWarning) // ' unless on (env, model) ALERTS{alertstate="firing",severity="critical"}'
 */
export function unlessInhibited(alert: Pick<Alert, 'name' | 'severity' | 'category'>): string {
  return (inhibitRules as unknown as readonly InhibitRule[])
    .filter(({ target_matchers }) => target_matchers.every((matcher) => matches(matcher, alert)))
    .map(
      ({ source_matchers, equal }) =>
        ` unless on (${equal.join(', ')}) ALERTS{${['alertstate="firing"', ...source_matchers].join(',')}}`,
    )
    .join('');
}

/** A matcher of an Alertmanager is one of PromQL as well. */
function matches(
  matcher: string,
  { name, severity, category }: Pick<Alert, 'name' | 'severity' | 'category'>,
) {
  const [, label, operator, value = ''] =
    /^(alertname|severity|category)(=~|=)"([\w|]*)"$/.exec(matcher) ?? [];
  if (label === undefined)
    throw new TypeError(`${matcher} cannot be judged: want alertname, severity or category, = or =~`);
  const own = { alertname: name, severity, category }[label];
  return operator === '=' ? own === value : value.split('|').includes(own ?? '');
}
