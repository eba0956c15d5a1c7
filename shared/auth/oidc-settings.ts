/** How people sign in: the provider, this application's id there, and what it must say of a person. Set by `auth.oidc` of a stage. */
import * as z from 'zod';
import type { Role } from '../api/caller.ts';

const claimRuleSchema = z.strictObject({
  /** A member of the ID token: `groups`, `cognito:groups`, `roles`, `email`, `hd` … */
  claim: z.string().min(1),
  /** One of these in the claim, or being it, is enough. */
  values: z.array(z.string().min(1)).min(1),
});

type ClaimRule = z.infer<typeof claimRuleSchema>;

export const oidcSettingsSchema = z.strictObject({
  issuer: z.url({ protocol: /^https?$/ }),
  clientId: z.string().min(1),
  /** Who may act. */
  operators: claimRuleSchema,
  /** Who may look; without it only operators sign in. */
  viewers: claimRuleSchema.optional(),
  /** Beside `openid`, what is asked for. */
  scopes: z.array(z.string().regex(/^[\x21-\x7e]+$/)).default(['email']),
});

export type OidcSettings = z.infer<typeof oidcSettingsSchema>;

type Claims = Readonly<Record<string, unknown>>;

/**
 * What the claims of a verified ID token make of a person; undefined: nobody here.
 *
 * @example roleOf({ operators: { claim: 'groups', values: ['ml-ops'] } }, { groups: ['all', 'ml-ops'] }) // 'operator'
 */
export function roleOf(
  { operators, viewers }: Pick<OidcSettings, 'operators' | 'viewers'>,
  claims: Claims,
): Role | undefined {
  if (holds(operators, claims)) return 'operator';
  return viewers && holds(viewers, claims) ? 'viewer' : undefined;
}

/** An address counts only where the issuer says that it was verified: anybody may write any other into an account. */
function holds({ claim, values }: ClaimRule, claims: Claims): boolean {
  if (claim === 'email' && claims.email_verified !== true) return false;
  const value = claims[claim];
  const found: readonly unknown[] = Array.isArray(value) ? value : [value];
  return found.some((one) => typeof one === 'string' && values.includes(one));
}
