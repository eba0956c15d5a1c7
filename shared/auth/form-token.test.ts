import { describe, expect, test } from 'vitest';
import type { HttpEvent } from '../api/http.ts';
import { formTokenField, formTokenFor, readTrustedForm } from './form-token.ts';

const form = 'application/x-www-form-urlencoded';

function eventWith(more: Partial<HttpEvent>): HttpEvent {
  return { headers: {}, body: null, isBase64Encoded: false, ...more } as HttpEvent;
}

/** A visitor where nobody signs in: the page with a form, then the form. */
function visit() {
  const { token, cookie = '' } = formTokenFor(eventWith({}));
  const send = (more: { body?: string; cookie?: string; type?: string; base64?: boolean } = {}) => {
    const text = more.body ?? `reason=g%C3%B6od+one&${formTokenField}=${token}`;
    return readTrustedForm(
      eventWith({
        body: more.base64 ? Buffer.from(text).toString('base64') : text,
        isBase64Encoded: more.base64 ?? false,
        headers: { 'Content-Type': more.type ?? form, Cookie: more.cookie ?? cookie.split(';')[0] ?? '' },
      }),
    );
  };
  return { token, cookie, send };
}

describe('a form', () => {
  test('of the page that this visitor was shown is read, without its token', () => {
    const { send, cookie } = visit();
    expect(cookie).toMatch(/^tidemark-visit=[\w-]{22}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(send()).toEqual(new Map([['reason', 'göod one']]));
    expect(send({ base64: true, type: `${form}; charset=UTF-8` })).toEqual(new Map([['reason', 'göod one']]));
  });

  test('keeps its token while the visitor has the cookie', () => {
    const { token, cookie } = visit();
    const again = formTokenFor(eventWith({ headers: { cookie: `a=b; ${cookie.split(';')[0]}` } }));
    expect(again).toEqual({ token });
  });

  test.each([
    ['without a token', () => visit().send({ body: 'reason=x' })],
    ['with an altered token', () => visit().send({ body: `${formTokenField}=x` })],
    ['with another visitor’s token', () => visit().send({ body: `${formTokenField}=${visit().token}` })],
    ['of a browser without the cookie', () => visit().send({ cookie: 'other=1' })],
  ])('%s is refused', (_, send) => {
    expect(send).toThrow(
      expect.objectContaining({ status: 403, message: expect.stringContaining('open the page again') }),
    );
  });

  test('as JSON or as text, which need no page of ours, is refused', () => {
    for (const type of ['application/json', 'text/plain', '', `${form}x`])
      expect(() => visit().send({ type })).toThrow(expect.objectContaining({ status: 415 }));
  });
});
