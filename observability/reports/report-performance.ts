/** Performance of a window: what was held out, what is expected without labels, and what came true. */

import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { count, figure, plural, pValue, signed } from './format.ts';
import { elided, html, type Markup } from './html.ts';
import { levelMark, SENTENCE, table } from './table.ts';

const UNIT = { error_rate: 'error rate', absolute_error: 'mean absolute error' } as const;

interface Row {
  readonly what: string;
  readonly heldOut?: string | undefined;
  readonly estimated?: string | undefined;
  readonly realised?: string | undefined;
}

/** Three columns of words and figures; nothing of it is told by colour. */
export function performanceSection({
  performance,
  labels,
}: Pick<StoredReport, 'performance' | 'labels'>): Markup {
  const { estimated } = performance;
  const so = performance.computable
    ? `${elided(performance.reason, SENTENCE)}. The change is 98 % sure to be ${performance.interval.map(change).join(' to ')}; p of an increase ${pValue(performance.pValue)}.`
    : `Realised: not yet, ${elided(performance.reason, SENTENCE)}. Labels so far: ${count(labels)}.`;
  return html`<p>${levelMark(performance.level)} ${so}</p>${
    performance.computable || estimated?.computable
      ? table(
          'Loss held out, estimated and realised',
          [
            { heading: 'Figure', as: 'row', cell: ({ what }) => what },
            { heading: 'Held out', as: 'number', cell: ({ heldOut }) => heldOut },
            ...(estimated ? [estimatedColumn] : []),
            { heading: 'Realised', as: 'number', cell: ({ realised }) => realised },
          ],
          rowsOf(performance),
          true,
        )
      : undefined
  }${estimated && html`<p class="lead">${saidOf(estimated)}</p>`}`;
}

const estimatedColumn = {
  heading: 'Estimated',
  as: 'number',
  cell: ({ estimated }: Row) => estimated,
} as const;

const change = (value: number) => `${signed(Number((100 * value).toFixed(1)))} %`;

/** The assumption stands beside the figure, always. */
function saidOf(estimated: NonNullable<StoredReport['performance']['estimated']>): string {
  if (!estimated.computable) return `Estimated: not computed, ${elided(estimated.reason, SENTENCE)}.`;
  const { rows, assumption } = estimated;
  return `Estimated from the counts of ${plural(rows, 'row')}, without labels. ${assumption} It alarms nobody and decides nothing.`;
}

function rowsOf(performance: StoredReport['performance']): readonly Row[] {
  const realised = performance.computable ? performance : undefined;
  const estimated = performance.estimated?.computable ? performance.estimated : undefined;
  const changeOf = (value: number, before: number) => (before > 0 ? change(value / before - 1) : undefined);
  const rows: readonly Row[] = [
    {
      what: 'rows',
      heldOut: count(realised?.nReference ?? estimated?.heldOut.rows),
      estimated: estimated && count(estimated.rows),
      realised: count(performance.n),
    },
    {
      what: estimated ? UNIT[estimated.kind] : 'mean loss',
      heldOut: figure(realised?.meanReference ?? estimated?.heldOut.mean),
      estimated: estimated && figure(estimated.value),
      realised: realised && figure(realised.mean),
    },
    { what: 'low, 95 % sure', estimated: estimated && figure(estimated.interval[0]) },
    { what: 'high, 95 % sure', estimated: estimated && figure(estimated.interval[1]) },
    {
      what: 'change',
      estimated: estimated && changeOf(estimated.value, estimated.heldOut.mean),
      realised: realised && change(realised.relativeChange),
    },
  ];
  return rows.filter(({ heldOut, estimated: without, realised: by }) => heldOut ?? without ?? by);
}
