/** Who asks: the principal that API Gateway authenticated, never what a body says. */
import type { HttpEvent } from './http.ts';

/** `viewer` reads; `operator` may also change what serves, how it is watched, and start runs. */
export type Role = 'viewer' | 'operator';

export interface Caller {
  /** For the ledger: an ARN, or a person as {@link personName} writes it. */
  readonly name: string;
  /** Of an AWS principal always `operator`: which routes it may call, its own IAM policy says. */
  readonly role: Role;
  /** Of a person who signed in: the secret of the session that form tokens are made of. */
  readonly session?: string;
}

/** What the authorizer of browser routes says; API Gateway hands on flat strings only. */
export interface SessionContext {
  readonly subject: string;
  readonly email?: string;
  readonly role: Role;
  readonly session: string;
}

/** The subject never changes hands; an address is put before it where the issuer has verified it. */
export function personName({ subject, email }: Pick<SessionContext, 'subject' | 'email'>): string {
  return email === undefined ? subject : `${email} (${subject})`;
}

/**
 * The authenticated caller of a request; undefined where nothing authenticates: on the laptop, and in an emulator.
 *
 * @example callerOf(event)?.name // 'arn:aws:sts::111122223333:assumed-role/Operators/ann'
 * @example callerOf(event)?.name // 'ann@example.com (248289761001)'
 */
export function callerOf({ requestContext }: HttpEvent): Caller | undefined {
  const person = sessionOf(requestContext?.authorizer);
  if (person) return { name: personName(person), role: person.role, session: person.session };
  const arn = requestContext?.identity?.userArn;
  return arn ? { name: arn, role: 'operator' } : undefined;
}

function sessionOf(
  context: Readonly<Record<string, unknown>> | null | undefined,
): SessionContext | undefined {
  const { subject, email, role, session } = context ?? {};
  if (typeof subject !== 'string' || typeof session !== 'string') return undefined;
  return {
    subject,
    session,
    role: role === 'operator' ? 'operator' : 'viewer',
    ...(typeof email === 'string' ? { email } : {}),
  };
}
