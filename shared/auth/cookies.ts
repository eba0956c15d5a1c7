/** Cookies of the console: read from a request, written for an answer. */
import { type HttpEvent, header } from '../api/http.ts';

/** `__Host-` makes the browser refuse one that came without TLS, from a sibling domain, or for a part of the site only. */
export const sessionCookie = '__Host-tidemark-session';
export const signInCookie = '__Host-tidemark-sign-in';

/** The value of the first cookie of that name. */
export function readCookie(event: Pick<HttpEvent, 'headers'>, name: string): string | undefined {
  const all = header(event, 'cookie') ?? '';
  for (const pair of all.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** Neither scripts nor other sites' forms get it; a link from elsewhere does send it. @param maxAgeSeconds 0 takes the cookie away */
export function secureCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; Secure; SameSite=Lax`;
}
