/** The alert manager definition of an Amazon Managed Prometheus workspace: to topics, and natively to PagerDuty. */
import { toYaml, type Yaml } from '../alerts/yaml.ts';
import { messageTemplate } from './message-template.ts';
import { inhibitRules, receivers, route } from './routes.ts';

export interface ManagedAlertmanager {
  readonly region: string;
  /** Of alerts: the function that tells people listens to it. */
  readonly topicArn: string;
  /** Of the dead-man's switch: its silence is an alarm of CloudWatch. */
  readonly watchdogTopicArn: string;
  /** Whether it tells people; else alerts are told by Grafana, and here every receiver is empty. @default true */
  readonly isNotifying?: boolean;
  /** Of PagerDuty's integration: then criticals go there straight, whatever becomes of our own function. */
  readonly pagerDuty?: {
    readonly secretArn: string;
    readonly secretKey: string;
    /** What makes the links open, where they do not open as they are. */
    readonly linksOpen?: string;
  };
}

/**
 * @returns YAML with the configuration and its templates, as `alertManagerDefinition` of the workspace wants it
 * @see https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-config.html
 */
export function managedAlertmanager(given: ManagedAlertmanager): string {
  return toYaml({
    template_files: { tidemark: messageTemplate },
    alertmanager_config: managedConfiguration(given),
  });
}

function managedConfiguration({
  region,
  topicArn,
  watchdogTopicArn,
  isNotifying = true,
  pagerDuty,
}: ManagedAlertmanager): string {
  const names = Object.values(receivers);
  if (!isNotifying) return toYaml({ route, receivers: names.map((name) => ({ name })) });
  const toTopic = (topic_arn: string): Yaml => ({
    topic_arn,
    sigv4: { region },
    send_resolved: true,
    subject: '{{ template "tidemark.subject" . }}',
    message: '{{ template "tidemark.message" . }}',
  });
  return toYaml({
    templates: ['tidemark'],
    route,
    receivers: [
      {
        name: receivers.critical,
        sns_configs: [toTopic(topicArn)],
        ...(pagerDuty && { pagerduty_configs: [toPagerDuty(pagerDuty)] }),
      },
      { name: receivers.warning, sns_configs: [toTopic(topicArn)] },
      { name: receivers.none, sns_configs: [toTopic(watchdogTopicArn)] },
      { name: receivers.canary, sns_configs: [toTopic(topicArn)] },
    ],
    inhibit_rules: inhibitRules,
  });
}

const toPagerDuty = ({
  secretArn,
  secretKey,
  linksOpen,
}: NonNullable<ManagedAlertmanager['pagerDuty']>): Yaml => ({
  routing_key: {
    aws_secrets_manager: { secret_arn: secretArn, secret_key: secretKey, refresh_interval: '5m' },
  },
  send_resolved: true,
  severity: 'critical',
  description: '{{ .CommonAnnotations.summary }}',
  client: 'Tidemark',
  client_url: '{{ .CommonAnnotations.console_url }}',
  details: {
    impact: '{{ .CommonAnnotations.impact }}',
    first_steps: '{{ .CommonAnnotations.first_steps }}',
    runbook: '{{ .CommonAnnotations.runbook_url }}',
    report: '{{ .CommonAnnotations.report_url }}',
    ...(linksOpen !== undefined && { links: linksOpen }),
  },
});
