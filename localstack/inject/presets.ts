/** The registry of presets: changes of a whole file under one name, each on any file that has the columns. */

import { InvalidDataError } from '#shared/errors.ts';
import { normal } from '#shared/random.ts';
import { isNumericText } from '#shared/schema/cells.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { randomOf } from './affected-rows.ts';
import type { ExpectedResponse } from './expected.ts';
import { type Answered, editColumn } from './injector.ts';
import { numberText } from './number-text.ts';

export interface Preset {
  readonly name: string;
  /** One line, for the help text. */
  readonly summary: string;
  /** Numeric columns that a file must have. */
  readonly requires: readonly string[];
  inject(table: TextTable, seed: number): Answered;
}

type Factor = (random: () => number) => number;

const within =
  (share: number): Factor =>
  (random) =>
    1 - share + 2 * share * random();

/** Every number of the named columns times a draw of its own; the grid of rounded values is lost, as with real sensors. */
function jitter(
  name: string,
  summary: string,
  factors: Readonly<Record<string, Factor>>,
  words: string,
  expects: readonly ExpectedResponse[],
) {
  const requires = Object.keys(factors);
  const preset: Preset = {
    name,
    summary,
    requires,
    inject(table, seed) {
      checkColumns(table, this);
      let changed = table;
      for (const [column, factor] of Object.entries(factors)) {
        const random = randomOf({ seed }, `${name}#${column}`);
        changed = editColumn(changed, column, (text) =>
          isNumericText(text) ? numberText(Number(text) * factor(random), undefined) : undefined,
        );
      }
      return { table: changed, columns: requires, description: words, expects };
    },
  };
  return preset;
}

function checkColumns(table: TextTable, { name, requires }: Preset): void {
  const absent = requires.filter((column) => !table.header.includes(column));
  if (absent.length > 0)
    throw new InvalidDataError(
      `preset ${name} needs the columns ${requires.join(', ')}; the file lacks ${absent.join(', ')}`,
    );
  const text = requires.find((column) => {
    const at = table.header.indexOf(column);
    return !table.rows.some((cells) => isNumericText(cells[at]!));
  });
  if (text !== undefined) throw new InvalidDataError(`preset ${name} needs numbers in ${text}; it has none`);
}

export const presets: readonly Preset[] = [
  jitter(
    'diamonds-harmless',
    'what must not be called critical: carat within 2 %, depth and table within 1 %, 1 % noise on price',
    {
      carat: within(0.02),
      depth: within(0.01),
      table: within(0.01),
      price: (random) => 1 + 0.01 * normal(random),
    },
    'carat × U(0.98, 1.02), depth and table × U(0.99, 1.01), price × N(1, 0.01)',
    [],
  ),
  jitter(
    'diamonds-heavier',
    'what must be found: every carat is 1.6 to 2 times itself, prices stay',
    { carat: (random) => 1.8 + 0.2 * (2 * random() - 1) },
    'carat × U(1.6, 2.0)',
    ['drift'],
  ),
];
