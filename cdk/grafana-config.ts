// The knobs `grafana`, who signs in to Managed Grafana and how, and `alerting`, whether it tells people of alerts.
import type { AlertsKnob } from './alerts-config.ts';
import { oneOf, UnknownContextValueError } from './context-value.ts';

/** Managed Grafana knows no passwords: its people come from IAM Identity Center or by SAML. */
export type GrafanaSignIn =
  | { readonly by: 'identityCenter' }
  | {
      readonly by: 'saml';
      /** Where the identity provider describes itself. */
      readonly metadataUrl: string;
      /** Attribute of the assertion that holds a person's role or group. */
      readonly roleAttribute: string;
      /** Values of it that make an administrator; others are viewers. */
      readonly admins: readonly string[];
    };

/**
 * @param context reads one key of the CDK context
 * @returns undefined where nothing is said, 'none' where that is
 * @throws {UnknownContextValueError} for a value that is not allowed, or one without those it needs
 */
export function readGrafana(context: (key: string) => unknown): GrafanaSignIn | 'none' | undefined {
  const value = context('grafana');
  const saml = ['grafanaSamlMetadata', 'grafanaSamlAdmins', 'grafanaSamlRole'].filter(
    (key) => context(key) !== undefined,
  );
  if (saml.length > 0 && value !== 'saml')
    throw new UnknownContextValueError(`${saml[0]} is given without saml: want -c grafana=saml beside it`);
  if (value === undefined) return undefined;
  const by = oneOf('grafana', value, ['identityCenter', 'saml', 'none']);
  if (by === 'none') return by;
  if (by === 'identityCenter') return { by };
  const metadataUrl = String(context('grafanaSamlMetadata') ?? '');
  if (!/^https:\/\/[^\s]+$/.test(metadataUrl))
    throw new UnknownContextValueError(
      `unknown grafanaSamlMetadata ${JSON.stringify(metadataUrl)}: want the https:// address of the identity provider's metadata`,
    );
  const admins = String(context('grafanaSamlAdmins') ?? '')
    .split(',')
    .filter((name) => name !== '');
  if (admins.length === 0)
    throw new UnknownContextValueError(
      'grafanaSamlAdmins is missing: want the values of the role attribute that make an administrator, comma-separated',
    );
  return { by, metadataUrl, roleAttribute: String(context('grafanaSamlRole') ?? 'role'), admins };
}

/** Which of the two sets of alerts tells people; the other one is silent. */
const alertings = ['amp', 'grafana'] as const;
export type AlertingName = (typeof alertings)[number];

/**
 * @param value of the knob or of the stage
 * @param given what it has to agree with
 * @throws {UnknownContextValueError} for Grafana without a workspace of it, or beside a PagerDuty that only the other set would page
 */
export function readAlerting(
  value: unknown,
  { signIn, alerts }: { readonly signIn: GrafanaSignIn | undefined; readonly alerts: AlertsKnob | undefined },
): AlertingName {
  const alerting = oneOf('alerting', value, alertings);
  if (alerting === 'amp') return alerting;
  if (!signIn)
    throw new UnknownContextValueError(
      'alerting is "grafana" without a Managed Grafana, and nobody would be told: want -c grafana=identityCenter or saml beside it, or alerting amp',
    );
  if (alerts?.pagerDutySecretArn !== undefined)
    throw new UnknownContextValueError(
      'alerts.pagerDutySecretArn is given with alerting "grafana", and PagerDuty would not be paged: want its key in the secret of notify instead (docs/observability.md), or alerting amp',
    );
  return alerting;
}
