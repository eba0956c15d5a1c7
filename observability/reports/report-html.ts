/** A window's report as one HTML file that needs nothing else: what an alert leads to. */

import { multivariateEntry } from '#shared/drift/multivariate/judge-multivariate.ts';
import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { segmentEntry } from '#shared/verdict/judge-segments.ts';
import { defaultDriftPolicy } from '#shared/verdict/policy.ts';
import { renderDocument, type Section } from './document.ts';
import { featureSection, MOST_IN_FULL } from './feature-section.ts';
import { moment, plural, share } from './format.ts';
import { html, type Markup } from './html.ts';
import { multivariateTable, segmentsTable } from './other-sections.ts';
import { readingNotes } from './reading-notes.ts';
import { columnsOf, type ReportColumns } from './report-columns.ts';
import { performanceSection } from './report-performance.ts';
import { qualitySection } from './report-quality.ts';
import { agreementTable, attributionTable, missingTable, peopleTable } from './report-tables.ts';
import { nextSentences, verdictLine } from './report-words.ts';
import { summaryTable } from './summary-table.ts';
import { levelCounts, list, nameMark, table } from './table.ts';
import { DIAGNOSIS } from './words.ts';

/**
 * The page of one window and version. Everything that comes from the data is escaped; links are relative to the address the
 * API serves it at, `/models/{model}/reports/{id}`. About 3 KB per feature.
 *
 * @param report as stored; what an older one lacks is left out
 * @example renderReportHtml(report).slice(0, 15) // '<!doctype html>'
 */
export function renderReportHtml(report: StoredReport): string {
  const { model, verdict, window, environment } = report;
  const columns = columnsOf(report);
  const line = verdictLine(report);
  return renderDocument({
    title: `${line} · ${model}, ${moment(window.start)}`,
    kicker: `Tidemark report${environment === undefined ? '' : ` · ${environment}`}`,
    heading: `${model}, ${moment(window.start)} to ${endOf(window)} UTC`,
    intro: html`<div class="verdict ${verdict.level}"><p>${line}</p>${list(verdict.reasons.slice(0, MOST_REASONS))}</div>
${counts(report)}${facts(report)}`,
    sections: sectionsOf(report, columns),
    footer: `Report ${report.id}, made by Tidemark from counts; it holds no rows of the data.`,
    generator: 'Tidemark',
  });
}

const MOST_REASONS = 20;

function sectionsOf(report: StoredReport, columns: ReportColumns): readonly Section[] {
  const { quality, attribution, segments = [], multivariate = [], diagnosis, pii = [] } = report;
  const { features, outputs, scores } = columns;
  const policy = report.policy ?? defaultDriftPolicy;
  const all = [...features, ...outputs];
  const hard = quality.filter(({ severity }) => severity === 'hard').length;
  const moved = features.filter(({ verdict }) => verdict !== 'stable' && verdict !== 'insufficient_data');
  const sections: (Section | false)[] = [
    { id: 'next', title: 'What happens next', content: next(report) },
    diagnosis !== undefined && {
      id: 'diagnosis',
      title: 'Diagnosis',
      lead: `${DIAGNOSIS[diagnosis.kind]}.`,
      content: html`${list(diagnosis.evidence)}`,
    },
    {
      id: 'features',
      title: 'Features',
      lead: `Gravest first, then by ${scores ? 'drift × importance' : 'drift'}. ${features.length === 0 ? '' : `${share(moved.length / features.length)} are at least shifted.`}`,
      content:
        features.length > 0
          ? summaryTable(features, { scores, hasKs: false })
          : html`<p class="none">No feature was compared.</p>`,
    },
    all.length > 0 && {
      id: 'agreement',
      title: 'PSI beside JS',
      lead: 'Two measures of the same change. Where they differ, look at the picture before believing either.',
      content: agreementTable(all, policy.psiWarning),
    },
    { id: 'missing', title: 'Missing values', content: missingTable(features) },
    outputs.length > 0 && {
      id: 'predictions',
      title: 'Predictions and labels',
      lead: 'What the model said, and what came true.',
      content: html`${outputs.map((column, at) => featureSection(column, features.length + at))}`,
    },
    {
      id: 'quality',
      title: 'Data quality',
      lead:
        quality.length === 0
          ? 'No check found anything.'
          : `${plural(quality.length, 'finding')}, ${String(hard)} of them hard: bad data for certain. Soft ones may come of genuine drift.`,
      content: qualitySection(quality),
    },
    {
      id: 'performance',
      title: 'Performance',
      lead: 'Realised: the loss of rows whose labels came in this window, whenever they were answered. Estimated: of this window’s rows, before any label. Both against rows held out of training.',
      content: performanceSection(report),
    },
    attribution !== undefined && {
      id: 'attribution',
      title: 'What the model relies on',
      lead: 'Contributions of sampled rows. Shown, and never an alarm by itself.',
      content: attributionTable(attribution),
    },
    pii.length > 0 && {
      id: 'people',
      title: 'Features about people',
      lead: 'Watched by tokens: whether a value is there, and whether it was there before.',
      content: peopleTable(pii),
    },
    segments.length > 0 && {
      id: 'segments',
      title: 'Segments',
      lead: 'Slices of the rows, most affected first. Shown, and never an alarm by themselves.',
      content: segmentsTable(segments.map((segment) => segmentEntry({ ...segment, features: [] }))),
    },
    multivariate.length > 0 && {
      id: 'multivariate',
      title: 'Features together',
      lead: 'What no feature shows alone. Shown, and never an alarm by itself.',
      content: multivariateTable(multivariate.map(multivariateEntry)),
    },
    features.length > 0 && {
      id: 'each',
      title: 'Each feature',
      lead: `Those that alarm are open; the others open with a click.${features.length > MOST_IN_FULL ? ` After the first ${MOST_IN_FULL} only the usual tests are shown; the JSON has all.` : ''}`,
      content: html`${features.map((column, at) => featureSection(column, at))}`,
    },
    {
      id: 'reading',
      title: 'How to read this',
      content: readingNotes({ features: all, summary: notesOf(policy) }),
    },
  ];
  return sections.filter((section) => section !== false);
}

/** The day again only where it is another one. */
function endOf({ start, end }: StoredReport['window']): string {
  return start.slice(0, 10) === end.slice(0, 10) ? moment(end).slice(11) : moment(end);
}

function counts({ features }: StoredReport): Markup {
  const of = { critical: 0, warning: 0, shifted: 0, insufficient_data: 0, stable: 0 };
  for (const { level } of features) of[level]++;
  return levelCounts(of);
}

function facts({ version, rows, labels, baseline, seasonal }: StoredReport): Markup {
  const reference = `${baseline ?? 'the version’s baseline'}${seasonal ? ', the same hours of its days' : ''}`;
  const entries: readonly (readonly [string, string])[] = [
    ['Version', version],
    ['Predictions', plural(rows, 'row')],
    ['Labels', plural(labels, 'row')],
    ['Reference', reference],
  ];
  return table(
    'The window',
    [
      { heading: '', as: 'row', cell: ([what]) => what },
      { heading: 'This window', cell: ([, value]) => nameMark(value, 120) },
    ],
    entries,
    true,
  );
}

function next(report: StoredReport): Markup {
  const { model, id, version, verdict } = report;
  const name = encodeURIComponent(model);
  const { changePoint, start } = verdict.episode;
  const since = changePoint ?? start;
  const sentences = [
    ...nextSentences(report),
    ...(since === undefined ? [] : [`It began at ${moment(since)} UTC.`]),
  ];
  const up = '../..';
  return html`${list(sentences)}<p class="links"><a href="${up}/${name}/runs">Runs</a> <a href="${up}/${name}/history">History</a> <a href="${up}/${name}">Model</a> <a href="${up}/${name}/versions/${encodeURIComponent(version)}">Version</a> <a href="${up}/${name}/reports">All reports</a> <a href="${encodeURIComponent(id)}?format=json">This report as JSON</a> <a href="../../../console/models/${name}">Console</a></p>`;
}

function notesOf({ persistence, ...policy }: typeof defaultDriftPolicy) {
  const { m, n } = persistence;
  return { convention: 'tidemark' as const, policy: { ...policy, persistence: `${m} of ${n} windows` } };
}
