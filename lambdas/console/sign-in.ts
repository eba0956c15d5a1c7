/** To the provider and back, and out again: where `auth.oidc` is set. */
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import { signInSecrets } from '#shared/api/surface.ts';
import { readCookie, secureCookie, sessionCookie, signInCookie } from '#shared/auth/cookies.ts';
import { readTrustedForm } from '#shared/auth/form-token.ts';
import { createProvider, SignInError } from '#shared/auth/provider.ts';
import { openSession, SESSION_SECONDS, sessionKeyOf, signSession } from '#shared/auth/session.ts';
import {
  beginSignIn,
  checkedReturn,
  finishSignIn,
  SIGN_IN_SECONDS,
  type SignInOptions,
} from '#shared/auth/sign-in.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { baseOf, messagePage } from './page.ts';

type SignInDeps = Pick<Deps, 'secret' | 'settings' | 'now' | 'log'>;

/** @returns the routes under `/console/` that anybody may call */
export function createSignIn(deps: SignInDeps) {
  const keyOf = sessionKeyOf(deps);
  const { OIDC: settings, ENVIRONMENT: environment } = deps.settings;
  const provider = settings && createProvider(settings, deps.now);

  async function optionsOf(event: HttpEvent): Promise<SignInOptions> {
    if (!settings || !provider)
      throw new ProblemError(
        403,
        'nobody signs in here: auth.oidc is not set; "tidemark console" is the way in',
      );
    const redirectUri = `https://${event.requestContext?.domainName ?? ''}${baseOf(event)}/console/callback`;
    return { settings, provider, key: await keyOf(), environment, now: deps.now(), redirectUri };
  }

  return {
    /** 302 to the provider. */
    async login(event: HttpEvent): Promise<HttpResult> {
      const options = await optionsOf(event);
      return told(deps, async () => {
        const back = checkedReturn(event.queryStringParameters?.return_to, baseOf(event));
        const { url, token } = await beginSignIn(back, options);
        return redirect(url.href, [secureCookie(signInCookie, token, SIGN_IN_SECONDS)]);
      });
    },

    /** 302 to the page that was wanted, with a session. */
    async callback(event: HttpEvent): Promise<HttpResult> {
      const options = await optionsOf(event);
      return told(deps, async () => {
        const callback = {
          token: readCookie(event, signInCookie),
          query: event.queryStringParameters ?? {},
          clientSecret: await deps.secret(signInSecrets.clientSecret),
        };
        const { session, returnTo } = await finishSignIn(callback, options);
        deps.log('info', 'a person signed in', { subject: session.subject, role: session.role });
        const token = await signSession(session, options);
        return redirect(returnTo, [
          secureCookie(sessionCookie, token, SESSION_SECONDS),
          secureCookie(signInCookie, '', 0),
        ]);
      });
    },

    /** Takes the cookie away. Another site's form does not: it has no token of the session. */
    async logout(event: HttpEvent): Promise<HttpResult> {
      const options = await optionsOf(event);
      const token = readCookie(event, sessionCookie);
      const session = token === undefined ? undefined : await openSession(token, options);
      if (session)
        readTrustedForm({
          ...event,
          requestContext: { ...event.requestContext, authorizer: { ...session } },
        });
      return messagePage(event, 200, 'You are signed out here. The sign-in provider may still know you.', {
        'set-cookie': secureCookie(sessionCookie, '', 0),
      });
    },
  };
}

function redirect(location: string, cookies: readonly string[]): HttpResult {
  return {
    statusCode: 302,
    headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
    multiValueHeaders: { 'set-cookie': [...cookies] },
    body: '',
  };
}

async function told(deps: Pick<Deps, 'log'>, run: () => Promise<HttpResult>): Promise<HttpResult> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    deps.log('warn', 'a sign-in failed', { reason: error.message, cause: String(error.cause ?? '') });
    throw new ProblemError(error.status, error.message);
  }
}
