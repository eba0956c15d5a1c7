/** The frame of every page for people: one style, no script, nothing loaded, nothing kept by the browser. */
import { createHash } from 'node:crypto';
import { callerOf } from '#shared/api/caller.ts';
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import { formTokenField, formTokenFor } from '#shared/auth/form-token.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { STYLES } from './styles.ts';

const styleHash = createHash('sha256').update(STYLES).digest('base64');

/** `same-origin`: with `no-referrer` a form's Origin would be "null", and the form refused. */
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
} as const;

export interface Page {
  readonly title: string;
  readonly body: Markup;
  /** Of the page above it, as a way back. */
  readonly up?: { readonly href: string; readonly text: string };
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The browser loads it anew after so many seconds. */
  readonly refreshSeconds?: number | undefined;
}

/**
 * What stands before `/console` in the address that the browser sees: the stage of the API, the base path of a domain name, or
 * nothing on the laptop.
 *
 * @example baseOf({ resource: '/console', requestContext: { path: '/dev/console' } }) // '/dev'
 */
export function baseOf({
  resource,
  path,
  requestContext,
}: Pick<HttpEvent, 'resource' | 'path' | 'requestContext'>): string {
  const partsOf = (text: string) => text.split('/').filter((part) => part !== '');
  const parts = partsOf(requestContext?.path ?? path);
  const before = parts.slice(0, Math.max(0, parts.length - partsOf(resource).length));
  return before.map((part) => `/${part}`).join('');
}

/** 200 with the page, unless it says otherwise. */
export function page(
  event: HttpEvent,
  { title, body, up, status = 200, headers: more, refreshSeconds }: Page,
): HttpResult {
  const caller = callerOf(event);
  const who = caller && html`<span>${caller.name}${caller.role === 'viewer' ? ', may look' : ''}</span>`;
  const signOut =
    caller?.session === undefined
      ? undefined
      : html`<form method="post" action="${baseOf(event)}/console/logout">
<input type="hidden" name="${formTokenField}" value="${formTokenFor(event).token}"><button>Sign out</button></form>`;
  const markup = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${
    refreshSeconds === undefined ? undefined : html`<meta http-equiv="refresh" content="${refreshSeconds}">`
  }
<title>${title} · Tidemark</title><style>${{ markup: STYLES }}</style></head>
<body><header><nav>${up ? html`<a href="${up.href}">${up.text}</a>` : html`<span>Tidemark</span>`}${who}${signOut}</nav>
<h1>${title}</h1></header>
<main>${body}</main></body></html>
`.markup;
  return {
    statusCode: status,
    headers: { ...headers, ...more },
    body: markup,
  };
}

/** A page that says one thing: a refusal, or that something is done. */
export function messagePage(
  event: HttpEvent,
  status: number,
  message: string,
  more: Readonly<Record<string, string>> = {},
): HttpResult {
  return page(event, {
    title: titles[status] ?? 'That did not work',
    up: { href: `${baseOf(event)}/console`, text: 'Models' },
    body: html`<p>${message}</p>`,
    status,
    headers: more,
  });
}

const titles: Readonly<Record<number, string>> = {
  200: 'Done',
  400: 'Something is missing',
  403: 'Not allowed',
  404: 'Not found',
  409: 'That is not possible now',
  502: 'The sign-in provider does not answer',
};

/** To the minute unless told to the second, UTC. @example shortTime('2026-11-21T08:00:12.000Z') // '2026-11-21 08:00 UTC' */
export function shortTime(at: number | string, to: 'minute' | 'second' = 'minute'): string {
  const text = new Date(at).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, to === 'minute' ? 16 : 19)} UTC`;
}
