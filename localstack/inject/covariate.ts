/** Covariate drift: the values of a number move; what they mean for the target is left as it was. */

import { isNumericText } from '#shared/schema/cells.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { affectedRows, ramp, startInWords } from './affected-rows.ts';
import { chooseColumns, momentsOf, numbersIn } from './column-kinds.ts';
import { columnIndex, editColumn, type InjectionPlan, type Injector, percent } from './injector.ts';
import { decimalsOf, numberText } from './number-text.ts';

export const covariate: Injector = {
  kind: 'covariate',
  summary: 'the values of a number move',
  modes: [
    {
      name: 'shift',
      summary: 'up by INTENSITY standard deviations of the column, down when negative',
      intensity: { default: 1, min: -10, max: 10, unit: 'standard deviations' },
      expects: ['drift'],
    },
    {
      name: 'scale',
      summary: 'away from the mean: deviations become 1 + INTENSITY times as large',
      intensity: { default: 1.5, min: -0.99, max: 10, unit: 'times the deviation, added to it' },
      expects: ['drift'],
    },
  ],
  settings: ['column', 'target', 'time', 'fraction', 'from', 'gradual'],
  inject(table, plan) {
    const columns = chooseColumns(table, plan, ['numeric'], 'shifts numbers');
    const rows = new Set(affectedRows(table.rows.length, { ...plan, isGradual: false }));
    const words: string[] = [];
    let changed = table;
    for (const column of columns) {
      const move = moveOf(table, column, plan);
      words.push(move.words);
      const decimals = decimalsOf(numericTexts(table, column));
      changed = editColumn(changed, column, (text, row) => {
        if (!rows.has(row) || !isNumericText(text)) return undefined;
        const reach = plan.isGradual ? ramp(row, table.rows.length, plan) : 1;
        const value = Number(text);
        const moved = move.apply(value, reach);
        return moved === value ? undefined : numberText(moved, decimals);
      });
    }
    const share = plan.fraction === 1 ? '' : `, in ${percent(plan.fraction)} of the rows`;
    return {
      table: changed,
      columns,
      description: `${words.join('; ')}${share}${startInWords(table.rows.length, plan)}`,
    };
  },
};

interface Move {
  readonly words: string;
  readonly apply: (value: number, reach: number) => number;
}

function moveOf(table: TextTable, column: string, { mode, intensity }: InjectionPlan): Move {
  const { mean, deviation } = momentsOf(numbersIn(table, column));
  if (mode === 'scale')
    return {
      words: `${column} spreads to ${Number((1 + intensity).toPrecision(4))} times its deviation from ${Number(mean.toPrecision(4))}`,
      apply: (value, reach) => (intensity === 0 ? value : value + reach * intensity * (value - mean)),
    };
  const shift = atLeastOneStep(intensity * deviation, decimalsOf(numericTexts(table, column)));
  return {
    words: `${column} moves ${intensity < 0 ? 'down' : 'up'} by ${Math.abs(intensity)} sigma (${Number(Math.abs(shift).toPrecision(4))})`,
    apply: (value, reach) => value + reach * shift,
  };
}

/** A shift below the grid of the values would be rounded away, and called an injection all the same. */
function atLeastOneStep(shift: number, decimals: number | undefined): number {
  if (decimals === undefined || shift === 0) return shift;
  const step = 10 ** -decimals;
  return Math.abs(shift) < step ? Math.sign(shift) * step : shift;
}

function numericTexts(table: TextTable, column: string): string[] {
  const at = columnIndex(table, column);
  return table.rows.map((cells) => cells[at]!).filter(isNumericText);
}
