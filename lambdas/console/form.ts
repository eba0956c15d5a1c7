/** Forms that ask before something is done: who may send them, what they carry, and the way on after it. */
import { randomBytes } from 'node:crypto';
import { callerOf } from '#shared/api/caller.ts';
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import { formTokenField, formTokenFor, readTrustedForm } from '#shared/auth/form-token.ts';
import { ProblemError } from '#shared/errors.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { type Page, page } from './page.ts';

/** As a hidden field: a browser's form sends no headers. Fresh with each page, so the same form twice is one order. */
export const keyField = 'idempotency_key';

export interface Form {
  /** Where it is sent: the address of the page that shows it. */
  readonly action: string;
  /** Between reason and buttons. */
  readonly more?: Markup;
  readonly hidden?: Readonly<Record<string, string | undefined>>;
  /** What the reason begins with, for the person to finish or replace. */
  readonly reason?: string | undefined;
  readonly buttons: Markup;
}

/** A page that asks. A viewer sees the same without the form, and why. */
export function askingPage(event: HttpEvent, { form, ...rest }: Page & { readonly form?: Form }): HttpResult {
  if (form === undefined) return page(event, rest);
  if (callerOf(event)?.role === 'viewer')
    return page(event, {
      ...rest,
      body: html`${rest.body}<p class="note">Your role is viewer: an operator can do this.</p>`,
    });
  const { token, cookie } = formTokenFor(event);
  const fields = { ...form.hidden, [keyField]: randomBytes(16).toString('base64url') };
  const hidden = Object.entries({ ...fields, [formTokenField]: token }).flatMap(([name, value]) =>
    value === undefined ? [] : [html`<input type="hidden" name="${name}" value="${value}">`],
  );
  const asked = html`<form method="post" action="${form.action}">${hidden}
<label for="reason">Why? It is kept in the ledger, with your name.</label>
<textarea id="reason" name="reason" required maxlength="${MAX_REASON}">${form.reason}</textarea>${form.more}
${form.buttons}</form>`;
  return page(event, {
    ...rest,
    body: html`${rest.body}${asked}`,
    headers: { ...rest.headers, ...(cookie === undefined ? {} : { 'set-cookie': cookie }) },
  });
}

const MAX_REASON = 2000;

export interface Order {
  /** For the ledger. */
  readonly actor: string;
  readonly reason: string;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * What an operator sent from a page of this console.
 *
 * @throws {ProblemError} 403 for a viewer, another site's form, or one of another session; 415 for what is no form; 400 without a reason
 */
export function readOrder(event: HttpEvent): Order {
  const caller = callerOf(event);
  if (caller?.role === 'viewer')
    throw new ProblemError(403, `${caller.name} has the role viewer; this takes an operator`);
  const fields = readTrustedForm(event);
  const reason = (fields.get('reason') ?? '').trim();
  if (reason === '' || reason.length > MAX_REASON)
    throw new ProblemError(
      400,
      `the reason has ${reason.length} characters; 1 to ${MAX_REASON} are expected: it is kept in the ledger`,
    );
  return { actor: caller?.name ?? 'operator', reason, fields };
}

/** A hidden field that the page always has. @throws {ProblemError} 400 without it */
export function fieldOf({ fields }: Order, name: string): string {
  const value = fields.get(name);
  if (value === undefined || value === '' || value.length > 255)
    throw new ProblemError(400, `the form has no ${name}; open the page again and send it from there`);
  return value;
}

/** 303: the browser shows that page, and loading it again sends nothing again. */
export function seeOther(location: string): HttpResult {
  return { statusCode: 303, headers: { location, 'cache-control': 'no-store' }, body: '' };
}
