/** Missing values: cells become empty, by chance or because of what they held. */

import { isMissingText, isNumericText } from '#shared/schema/cells.ts';
import { affectedRows, startInWords } from './affected-rows.ts';
import { chooseColumns, numbersIn, quantileOf } from './column-kinds.ts';
import { editColumn, type Injector, percent } from './injector.ts';

export const missing: Injector = {
  kind: 'missing',
  summary: 'values become empty',
  modes: [
    {
      name: 'random',
      summary: 'INTENSITY of the values, completely at random',
      intensity: { default: 0.3, min: 0, max: 1, unit: 'share of the values' },
      expects: ['missing_rate_jump'],
    },
    {
      name: 'high',
      summary: 'the highest INTENSITY of the values: not at random, the rest looks lower',
      intensity: { default: 0.3, min: 0, max: 1, unit: 'share of the values' },
      expects: ['missing_rate_jump', 'drift'],
    },
  ],
  settings: ['column', 'target', 'time', 'fraction', 'from', 'gradual'],
  inject(table, plan) {
    const isHigh = plan.mode === 'high';
    const columns = chooseColumns(
      table,
      plan,
      isHigh ? ['numeric'] : ['numeric', 'categorical', 'date'],
      isHigh ? 'empties high numbers' : 'empties values of features',
    );
    const rows = new Set(
      affectedRows(table.rows.length, plan, isHigh ? plan.fraction : plan.fraction * plan.intensity),
    );
    let changed = table;
    let emptied = 0;
    for (const column of columns) {
      const bound = isHigh ? quantileOf(numbersIn(table, column), 1 - plan.intensity) : undefined;
      const isReached = (text: string) =>
        bound === undefined ||
        (plan.intensity > 0 && isNumericText(text) && (plan.intensity === 1 || Number(text) > bound));
      changed = editColumn(changed, column, (text, row) => {
        if (!rows.has(row) || isMissingText(text) || !isReached(text)) return undefined;
        emptied++;
        return '';
      });
    }
    const which = isHigh ? `the highest ${percent(plan.intensity)} of` : `${percent(plan.intensity)} of`;
    const among = plan.fraction === 1 ? '' : ` in ${percent(plan.fraction)} of the rows`;
    return {
      table: changed,
      columns,
      description: `${which} ${columns.join(', ')}${among} become empty (${emptied} cells)${startInWords(table.rows.length, plan)}`,
    };
  },
};
