// The knob `grafana`: who signs in to Managed Grafana, and how.
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
