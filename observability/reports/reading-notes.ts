/** How to read a report: what the levels mean, what decides them, and what a p-value does not say. */

import type { Comparison } from '#shared/comparison/comparison.ts';
import type { Level } from '#shared/verdict/level.ts';
import { figure, humanised } from './format.ts';
import { html, type Markup } from './html.ts';
import { levelMark, table } from './table.ts';
import { nameOfTest } from './test-names.ts';
import { LEVELS } from './words.ts';

const MEANING: Readonly<Record<Level, string>> = {
  critical: 'Significant, and the effect is above the critical threshold.',
  warning: 'Significant, and the effect is above the warning threshold.',
  shifted:
    'Significant but small. Shown so that nobody wonders; it never pages anybody and never starts a retraining.',
  insufficient_data:
    'Too few rows to claim that nothing changed. It says the smallest shift that would have been seen, and never stands in place of an alarm.',
  stable: 'No difference that is both beyond chance and large enough to matter.',
};

/** What of a comparison, or of a window's report, the notes are about. */
interface Noted {
  readonly features: Comparison['features'];
  readonly summary: Pick<Comparison['summary'], 'convention' | 'policy'>;
}

export function readingNotes({ features, summary }: Noted): Markup {
  const deciding = [
    ...new Set(features.flatMap(({ primary }) => (primary ? [nameOfTest(primary.test).label] : []))),
  ];
  const tests = new Map(
    features
      .flatMap(({ tests, primary }) => [...(primary ? [primary.test] : []), ...Object.keys(tests)])
      .map((test) => nameOfTest(test))
      .filter(({ tells }) => tells !== '')
      .map(({ label, tells }) => [label, tells]),
  );
  const glossary = [...tests].map(([label, tells]) => html`<dt>${label}</dt><dd>${tells}</dd>`);
  const levels = LEVELS.map((level) => html`<dt>${levelMark(level)}</dt><dd>${MEANING[level]}</dd>`);
  return html`<h4>Verdicts</h4><dl>${levels}</dl>
<h4>One test decides</h4><p>Each column has one deciding test${deciding.length > 0 ? ` (here: ${deciding.join(', ')})` : ''}, marked “decides”. The others are evidence beside it and cannot raise an alarm: several chances to alarm would mean more false alarms.${conventionNote(summary.convention)}</p>
<h4>p-values</h4><p>A p-value is the chance of a difference at least this large when nothing has changed. It is not the probability of drift, and with many rows it is tiny for differences nobody would care about; therefore the size of the effect, the de-biased PSI, sets the level. “Adjusted p” allows for the number of columns tested: of the columns called significant, only the chosen share is expected to be so by chance.</p>
<h4>Effects</h4><p>PSI compares the shares of rows per bin; de-biased means less what two samples of these sizes differ by when nothing has changed, so it can be below 0. The Jensen–Shannon distance (JS) measures the same and is bounded, no second opinion. The Kolmogorov–Smirnov distance (KS) is the widest gap of the cumulative curves; a bracket [lo, hi] says between which bounds the raw rows give it. σ is the reference’s standard deviation. Missing values are judged apart and are in no bin.${sampleNote(features)}</p>
${glossary.length > 0 ? html`<h4>Tests and distances</h4><dl>${glossary}</dl>` : undefined}
${policyTable(summary.policy)}`;
}

function conventionNote(convention: Comparison['summary']['convention']): string | undefined {
  return convention === 'tidemark'
    ? undefined
    : ` The figures follow the definitions of “${convention}” where these have their own; the verdicts do not.`;
}

function sampleNote(features: Comparison['features']): string | undefined {
  const isSampled = features.some(({ tests }) =>
    Object.values(tests).some((of) => !('not_computable' in of) && of.rows !== undefined),
  );
  return isSampled
    ? ' What is marked “on sampled rows” needs values, not counts, and is of a few runs of neighbouring rows: where rows resemble their neighbours, as in a sorted file, its p-value is too small.'
    : undefined;
}

function policyTable(policy: Comparison['summary']['policy']): Markup | undefined {
  const entries = Object.entries(policy);
  if (entries.length === 0) return undefined;
  return html`<h4>Policy of this comparison</h4>${table(
    'Policy',
    [
      { heading: 'Setting', as: 'row', cell: ([name]) => humanised(name) },
      {
        heading: 'Value',
        as: 'number',
        cell: ([, value]) => (typeof value === 'number' ? figure(value) : value),
      },
    ],
    entries,
    true,
  )}`;
}
