import { expect, test } from 'vitest';
import { prefersHtml } from './accept.ts';

test.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html', true],
  ['TEXT/HTML ; Q=1', true],
  ['application/json;q=0.4, text/html;q=0.5', true],
  ['text/html, application/json', false],
  ['text/html;q=0.5, application/json', false],
  ['text/html;q=0.5, */*', false],
  ['text/html;q=0', false],
  ['text/html;q=two', false],
  ['*/*', false],
  ['text/*', false],
  ['', false],
  [undefined, false],
])('Accept: %s asks for HTML: %s', (accept, isHtml) => {
  expect(prefersHtml(accept)).toBe(isHtml);
});
