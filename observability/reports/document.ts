/** The frame of a report's page: head, contents, sections, foot. It forbids itself scripts and everything from elsewhere. */

import { createHash } from 'node:crypto';
import { elided, html, type Markup } from './html.ts';
import { STYLES } from './styles.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly lead?: string;
  readonly content: Markup;
}

interface Page {
  /** Of the window or tab. */
  readonly title: string;
  readonly kicker: string;
  readonly heading: string;
  /** Between the heading and the contents. */
  readonly intro: Markup;
  readonly sections: readonly Section[];
  readonly footer: string;
  readonly generator: string;
}

/** No style but this one is obeyed, whatever finds its way into the page. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLES).digest('base64')}'`;

/** @example renderDocument(page).slice(0, 15) // '<!doctype html>' */
export function renderDocument({ title, kicker, heading, intro, sections, footer, generator }: Page): string {
  const links = sections.map((section) => html`<a href="#${section.id}">${section.title}</a>`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="${generator}">
<title>${elided(title, 200)}</title>
<style>${{ markup: STYLES }}</style>
</head>
<body>
<header>
<p class="kicker">${kicker}</p>
<h1><bdi>${elided(heading, 160)}</bdi></h1>
${intro}
<nav aria-label="Contents">${links}</nav>
</header>
<main>
${sections.map(
  ({ id, title, lead, content }) =>
    html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${lead === undefined ? undefined : html`<p class="lead">${lead}</p>`}${content}</section>
`,
)}</main>
<footer>${footer}</footer>
</body>
</html>
`.markup;
}
