/** Alert groups as rule files: the same text for Prometheus and for a rule-groups namespace of Amazon Managed Prometheus. */
import {
  type Alert,
  type AlertGroup,
  type PolicyThreshold,
  type Recording,
  respondWithinMinutes,
  slowly,
} from './alert.ts';
import { type LinkBase, linksOf } from './links.ts';
import { alertGroups } from './registry.ts';
import { toYaml, type Yaml } from './yaml.ts';

/** How often alerts are evaluated; the publisher writes once a minute. */
const interval = '1m';
/** How often limits are, and what changes with a window: less than the five minutes after which a value is forgotten. */
const slowInterval = '4m';

interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly Yaml[];
}

/**
 * The YAML of all rules. A group reads no other but its own slow one, which may be four minutes old; inside a group a recording comes
 * before what reads it.
 *
 * @example renderRules(localLinks).split('\n')[0] // 'groups:'
 */
export function renderRules(links: LinkBase): string {
  return toYaml({
    groups: alertGroups.flatMap((group) => ruleGroupsOf(group, links)).map((group) => ({ ...group })),
  });
}

/** What an alert group comes to: limits and whatever is slow in a group of its own, where there is any. */
export function ruleGroupsOf({ name, recordings, alerts }: AlertGroup, links: LinkBase): RuleGroup[] {
  const rule = ({ record, expr }: Recording): Yaml => ({ record, expr });
  const slow = [...recordings.filter(({ isSlow }) => isSlow), ...thresholdsOf(alerts)].map(rule);
  const rules = [
    ...recordings.filter(({ isSlow }) => !isSlow).map(rule),
    ...alerts.map((alert) => alertRule(alert, links)),
  ];
  return [
    ...(slow.length > 0 ? [{ name: `${name}-slow`, interval: slowInterval, rules: slow }] : []),
    { name, interval, rules },
  ];
}

const thresholdsOf = (alerts: readonly Alert[]): Recording[] =>
  alerts.flatMap(({ name, signal, threshold }) =>
    typeof threshold === 'number'
      ? []
      : [{ record: thresholdRecord(name), expr: policyLimit(threshold, signal) }],
  );

/** `PsiWarning` → `tidemark:psi_warning:threshold` */
const thresholdRecord = (name: string) =>
  `tidemark:${name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase()}:threshold`;

/** The limit of each model that has a signal: of its policy where that is published, the usual one elsewhere, so that none goes unwatched. */
const policyLimit = ({ name, fallback }: PolicyThreshold, signal: string) =>
  `max by (model, env) (last_over_time(tidemark_threshold{name="${name}"}[1h])) or on (model, env) (0 * (${signal}) + ${fallback})`;

function alertRule(alert: Alert, links: LinkBase): Yaml {
  const { name, severity, category, forMinutes, keepFiringMinutes } = alert;
  return {
    alert: name,
    expr: exprOf(alert),
    ...(forMinutes > 0 && { for: `${forMinutes}m` }),
    ...(keepFiringMinutes && { keep_firing_for: `${keepFiringMinutes}m` }),
    labels: { severity, category },
    annotations: annotationsOf(alert, links),
  };
}

/** What fires: one series for each model above (or below) its limit. */
export function exprOf({ name, signal, is, threshold }: Alert): string {
  const left = isOneOperand(signal) ? signal : `(${signal})`;
  if (typeof threshold === 'number') return `${left} ${is} ${threshold}`;
  return `${left} ${is} on (model, env) ${slowly(thresholdRecord(name))}`;
}

const isOneOperand = (expr: string) => /^(last_over_time\()?[a-z_:0-9]+(\[10m\]\))?$/.test(expr);

/** Only what is about a model has its label: our own publisher's figures are of all models. */
export const isOfModel = ({ category }: Pick<Alert, 'category'>) => category !== 'meta';

/** What a person reads of it; texts are templates that Prometheus fills. */
export function annotationsOf(alert: Alert, links: LinkBase): Record<string, string> {
  const { name, severity, summary, description, impact, firstSteps } = alert;
  const steps = firstSteps.map(
    (step, at) => `${at + 1}. ${step.replaceAll('{model}', '{{ $labels.model }}')}`,
  );
  return {
    summary,
    description,
    impact,
    first_steps: `${steps.join('\n')}\n`,
    ...(severity !== 'none' && { respond_within: `${respondWithinMinutes[severity]}m` }),
    ...linksOf(name, isOfModel(alert), links),
  };
}
