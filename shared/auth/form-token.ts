/** Forms that change something: only those that this site showed to this visitor are obeyed. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Caller, callerOf } from '../api/caller.ts';
import { type HttpEvent, header } from '../api/http.ts';
import { ProblemError } from '../errors.ts';
import { readCookie } from './cookies.ts';

/**
 * Names a visitor where nobody signs in here: on the laptop, and behind the proxy that signs with AWS credentials. Another site
 * can make the browser send it, but neither read nor guess it.
 */
const visitCookie = 'tidemark-visit';

/** The name of the form's hidden field. */
export const formTokenField = 'form_token';

export interface FormToken {
  readonly token: string;
  /** A `set-cookie` that the page with the form must carry; absent where the visitor has one. */
  readonly cookie?: string;
}

const tokenOf = (secret: string) => createHash('sha256').update(`form\n${secret}`).digest('base64url');

/** For the hidden field of a form: bound to the session, so that another visitor's is of no use. */
export function formTokenFor(event: HttpEvent): FormToken {
  const known = secretOf(event, callerOf(event));
  if (known !== undefined) return { token: tokenOf(known) };
  const fresh = randomBytes(16).toString('base64url');
  return {
    token: tokenOf(fresh),
    cookie: `${visitCookie}=${fresh}; Path=/; HttpOnly; SameSite=Strict`,
  };
}

function secretOf(event: HttpEvent, caller: Caller | undefined): string | undefined {
  return caller?.session ?? readCookie(event, visitCookie);
}

/**
 * Reads a form that changes something, once it is sure that the visitor sent it from a page of this site.
 *
 * @returns the fields, without the token
 * @throws {ProblemError} 403 for another site's Origin, or a token that is missing or another visitor's; 415 for what is no form
 */
export function readTrustedForm(event: HttpEvent): ReadonlyMap<string, string> {
  assertOwnOrigin(event);
  const type = header(event, 'content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type))
    throw new ProblemError(
      415,
      `content-type ${JSON.stringify(type)} is not accepted; send application/x-www-form-urlencoded`,
    );
  const text = event.isBase64Encoded
    ? Buffer.from(event.body ?? '', 'base64').toString('utf8')
    : (event.body ?? '');
  const fields = new Map(new URLSearchParams(text));
  const given = fields.get(formTokenField);
  const secret = secretOf(event, callerOf(event));
  if (given === undefined || secret === undefined || !isEqual(given, tokenOf(secret)))
    throw new ProblemError(
      403,
      'the form is not of this session; open the page again and send it from there',
    );
  fields.delete(formTokenField);
  return fields;
}

/** Compares in a time that does not tell where two texts differ. */
export function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * A browser says which site a form came from. Where people sign in that is the API's own name; else it is the loopback server in
 * between, which has compared the Origin with its own name before it passed the request on.
 */
function assertOwnOrigin(event: HttpEvent): void {
  if (callerOf(event)?.session === undefined) return;
  const own = `https://${event.requestContext?.domainName ?? ''}`;
  const origin = header(event, 'origin');
  if (origin !== own)
    throw new ProblemError(403, `the Origin ${JSON.stringify(origin ?? '')} is not allowed; ${own} is`);
}
