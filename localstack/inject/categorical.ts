/** Categorical drift: labels appear that nobody has seen, or the mix moves to a rare one. */

import { isMissingText } from '#shared/schema/cells.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { affectedRows, randomOf, startInWords } from './affected-rows.ts';
import { chooseColumns } from './column-kinds.ts';
import { columnIndex, editColumn, type Injector, percent } from './injector.ts';

const newLabels = 3;

export const categorical: Injector = {
  kind: 'categorical',
  summary: 'a text column gets unseen labels, or its mix moves to a rare one',
  modes: [
    {
      name: 'unseen',
      summary: `INTENSITY of the values become one of ${newLabels} labels the column does not have`,
      intensity: { default: 0.3, min: 0, max: 1, unit: 'share of the values' },
      expects: ['unseen_categories', 'drift'],
    },
    {
      name: 'rare',
      summary: 'INTENSITY of the values become the rarest label',
      intensity: { default: 0.5, min: 0, max: 1, unit: 'share of the values' },
      expects: ['drift'],
    },
  ],
  settings: ['column', 'target', 'time', 'fraction', 'from', 'gradual'],
  inject(table, plan) {
    const columns = chooseColumns(table, plan, ['categorical'], 'changes labels');
    const share = plan.fraction * plan.intensity;
    const rows = new Set(affectedRows(table.rows.length, plan, share));
    const words: string[] = [];
    let changed = table;
    for (const column of columns) {
      const labels = plan.mode === 'rare' ? [rarest(table, column)] : unseenLabels(table, column);
      const random = randomOf(plan, column);
      changed = editColumn(changed, column, (text, row) =>
        rows.has(row) && !isMissingText(text) ? labels[Math.floor(random() * labels.length)] : undefined,
      );
      words.push(
        `${percent(share)} of ${column} become ${labels.map((name) => JSON.stringify(name)).join(' or ')}`,
      );
    }
    return {
      table: changed,
      columns,
      description: `${words.join('; ')}${startInWords(table.rows.length, plan)}`,
    };
  },
};

function countsOf(table: TextTable, column: string): Map<string, number> {
  const at = columnIndex(table, column);
  const counts = new Map<string, number>();
  for (const cells of table.rows)
    if (!isMissingText(cells[at]!)) counts.set(cells[at]!, (counts.get(cells[at]!) ?? 0) + 1);
  return counts;
}

function rarest(table: TextTable, column: string): string {
  const ordered = [...countsOf(table, column)].sort(
    (one, other) => one[1] - other[1] || (one[0] < other[0] ? -1 : 1),
  );
  return ordered[0]![0];
}

function unseenLabels(table: TextTable, column: string): string[] {
  const seen = countsOf(table, column);
  const labels: string[] = [];
  for (let at = 1; labels.length < newLabels; at++) if (!seen.has(`new-${at}`)) labels.push(`new-${at}`);
  return labels;
}
