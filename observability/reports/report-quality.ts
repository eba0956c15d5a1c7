/** Quality as a matrix of what fired where, then each finding in words, then what was checked in vain. */

import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { qualityChecks } from '#shared/quality/check-quality.ts';
import { subjectOf } from '#shared/verdict/subject.ts';
import { count, humanised } from './format.ts';
import { html, type Markup } from './html.ts';
import { qualityTable } from './other-sections.ts';
import { type Column, nameMark, severityMark, table } from './table.ts';
import { hardFirst } from './words.ts';

/** More columns than these are in the list below only. */
const MOST_SUBJECTS = 12;
const MOST_FINDINGS = 200;

type Findings = StoredReport['quality'];

export function qualitySection(findings: Findings): Markup {
  const ordered = hardFirst(findings);
  const left = ordered.length - MOST_FINDINGS;
  const listed = ordered.slice(0, MOST_FINDINGS).map(({ column, ...rest }) => ({
    ...rest,
    ...(column === undefined ? {} : { column: subjectOf(column) }),
  }));
  if (ordered.length === 0) return passed(findings);
  return html`${matrix(ordered)}${qualityTable(listed)}${left > 0 ? html`<p class="lead">… and ${count(left)} more (the JSON has all).</p>` : undefined}${passed(findings)}`;
}

function matrix(findings: Findings): Markup {
  const subjects = [...new Set(findings.map(({ column }) => column))];
  const shown = subjects.slice(0, MOST_SUBJECTS);
  const checks = [...new Set(findings.map(({ check }) => check))];
  const found = (check: string, subject: string | undefined) =>
    findings.find((finding) => finding.check === check && finding.column === subject);
  const columns: Column<string>[] = shown.map((subject) => ({
    heading: subject === undefined ? 'whole window' : nameMark(subjectOf(subject), 24),
    cell: (check) => {
      const finding = found(check, subject);
      return finding && severityMark(finding.severity);
    },
  }));
  const more = subjects.length - shown.length;
  return html`${table('Checks and where they fired', [{ heading: 'Check', as: 'row', cell: humanised }, ...columns], checks)}${more > 0 ? html`<p class="lead">${count(more)} more columns are in the list below.</p>` : undefined}`;
}

function passed(findings: Findings): Markup {
  const fired = new Set(findings.map(({ check }) => check));
  const names = [...new Set(qualityChecks.map(({ name }) => name))].filter((name) => !fired.has(name));
  return html`<p class="lead">Nothing found by: ${names.map(humanised).join(', ')}.</p>`;
}
