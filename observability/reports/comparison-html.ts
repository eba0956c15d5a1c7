/** A comparison as one HTML file that needs nothing else: no script, no network, no raw rows. */

import type { Comparison, TableEntry } from '#shared/comparison/comparison.ts';
import { renderDocument, type Section } from './document.ts';
import { featureSection, MOST_IN_FULL } from './feature-section.ts';
import { count, figure, plural, share } from './format.ts';
import { elided, html, type Markup } from './html.ts';
import {
  diagnosisSection,
  multivariateTable,
  notComparedTable,
  qualityTable,
  segmentsTable,
} from './other-sections.ts';
import { readingNotes } from './reading-notes.ts';
import { summaryTable } from './summary-table.ts';
import { levelCounts, list, nameMark, table } from './table.ts';
import { bySeverity, DIAGNOSIS, headline } from './words.ts';

/**
 * The report of `tidemark compare`, to keep, mail or print. Everything that comes from the data is escaped; the page
 * forbids itself scripts and outside resources. About 4 KB per column.
 *
 * @param options.title of the page; otherwise the two files' names
 * @param options.generatedAt as it is to be shown, usually ISO 8601
 * @param options.version of Tidemark
 * @example renderComparisonHtml(comparison, { generatedAt: '2026-01-01T00:00:00Z', version: '1.0.0' }).slice(0, 15) // '<!doctype html>'
 */
export function renderComparisonHtml(
  comparison: Comparison,
  options: { readonly title?: string; readonly generatedAt: string; readonly version: string },
): string {
  const { summary } = comparison;
  const title = options.title ?? `${fileName(summary.reference)} → ${fileName(summary.current)}`;
  return renderDocument({
    title: `${headline(comparison)} · ${title}`,
    kicker: `Tidemark comparison · ${options.generatedAt}`,
    heading: title,
    intro: html`<div class="verdict ${summary.verdict}"><p>${headline(comparison)}</p>${list(summary.reasons)}</div>
${levelCounts(summary.counts)}
${files(comparison)}`,
    sections: sectionsOf(comparison),
    footer: `Made by Tidemark ${options.version} in ${figure(summary.seconds)} s from the columns’ profiles; this file holds no rows of the data.`,
    generator: `Tidemark ${options.version}`,
  });
}

function sectionsOf({ features, segments, multivariate, quality, summary }: Comparison): readonly Section[] {
  const ordered = bySeverity(features);
  const hard = quality.filter(({ severity }) => severity === 'hard').length;
  const { diagnosis, not_compared } = summary;
  const sections: (Section | false)[] = [
    (diagnosis.kind !== 'none' || diagnosis.evidence.length > 0) && {
      id: 'diagnosis',
      title: 'Diagnosis',
      lead: `${DIAGNOSIS[diagnosis.kind]}.`,
      content: diagnosisSection(diagnosis),
    },
    quality.length > 0 && {
      id: 'quality',
      title: 'Data quality',
      lead: `${plural(quality.length, 'finding')}, ${count(hard)} of them hard: bad data for certain. Soft ones may come of genuine drift.`,
      content: qualityTable(quality),
    },
    {
      id: 'columns',
      title: 'Columns',
      lead: `Gravest first, then by effect. ${share(summary.drift_share)} are at least shifted.`,
      content:
        features.length > 0 ? summaryTable(ordered) : html`<p class="none">No column was compared.</p>`,
    },
    segments.length > 0 && {
      id: 'segments',
      title: 'Segments',
      lead: 'Slices of the rows, most affected first.',
      content: segmentsTable(segments),
    },
    multivariate.length > 0 && {
      id: 'multivariate',
      title: 'Columns together',
      lead: 'What no column shows alone.',
      content: multivariateTable(multivariate),
    },
    features.length > 0 && {
      id: 'each',
      title: 'Each column',
      lead: `Those that alarm are open; the others open with a click.${features.length > MOST_IN_FULL ? ` After the first ${MOST_IN_FULL} only the usual tests are shown; the JSON has all.` : ''}`,
      content: html`${ordered.map(featureSection)}`,
    },
    not_compared.length > 0 && {
      id: 'not-compared',
      title: 'Not compared',
      content: notComparedTable(not_compared),
    },
    {
      id: 'reading',
      title: 'How to read this',
      content: readingNotes({ features, summary }),
    },
  ];
  return sections.filter((section) => section !== false);
}

function files({ summary }: Comparison): Markup {
  const rows = [
    { side: 'reference', ...summary.reference },
    { side: 'current', ...summary.current },
  ];
  return table(
    'The two files',
    [
      { heading: '', as: 'row', cell: ({ side }) => side },
      { heading: 'File', cell: ({ file }) => nameMark(file, 120) },
      { heading: 'Rows', as: 'number', cell: ({ rows }) => count(rows) },
      { heading: 'Skipped', as: 'number', cell: ({ skipped }) => count(skipped) },
      {
        heading: 'Why the first was skipped',
        as: 'aside',
        cell: ({ first_skipped }) => (first_skipped && elided(first_skipped, 200)) || undefined,
      },
    ],
    rows,
  );
}

function fileName({ file }: TableEntry): string {
  return file.split(/[/\\]/).at(-1) || file;
}
