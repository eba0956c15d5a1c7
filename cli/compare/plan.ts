/** What is compared with what: the columns both files share, their kinds and roles, and the cells they are counted on. */
import { channelOf, lossColumn, type Roles } from '#shared/comparison/roles.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { type Anchors, buildAnchors } from '#shared/profile/anchors.ts';
import type { Column, Columns } from '#shared/schema/columns.ts';
import type { ColumnKind, Table } from '#shared/tabular/table.ts';
import { UsageError } from '../usage.ts';
import type { CompareOptions } from './options.ts';

export interface Plan {
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  readonly roles: Roles;
  readonly anchors: Anchors;
  readonly segments: ReadonlyMap<string, readonly string[]>;
  readonly notCompared: readonly { readonly column: string; readonly reason: string }[];
  /** Features of the reference that the current file lacks. */
  readonly absent: readonly string[];
  /** Columns that only the current file has. */
  readonly unexpected: readonly string[];
  /** Rows of both files for what needs rows: the same feature columns in the same order. */
  readonly rows: { readonly reference: Columns; readonly current: Columns };
}

/** Rows the cells are fixed on; the counts are of all rows. */
const anchorRows = 50_000;
const classifierRows = 4000;
const maxSegments = 20;
const maxSegmentValues = 100;

/** Throws {@link UsageError} for names no file has, {@link InvalidDataError} when the files share no column. */
export async function planComparison(
  reference: Table,
  current: Table,
  options: CompareOptions,
): Promise<Plan> {
  checkNames(reference, current, options);
  const { target, prediction, segments, exclude } = options;
  const keep = [target, prediction, ...segments].filter((name) => name !== undefined);
  const shape = await reference.shape({ exclude, keep });
  const kinds = new Map([...shape.kinds].filter(([name]) => current.names.includes(name)));
  for (const name of segments) if (kinds.has(name)) kinds.set(name, 'categorical');
  if (kinds.size === 0)
    throw new InvalidDataError(
      `the files share no column that can be compared; ${reference.file} has ${listed(reference.names)}, ${current.file} has ${listed(current.names)}`,
    );
  const roles = {
    ...(target === undefined ? {} : { target }),
    ...(prediction === undefined ? {} : { prediction }),
  };
  const sampled = await reference.sample(anchorRows, kinds);
  const sampledNow = await current.sample(classifierRows, kinds);
  const loss = lossColumn(sampled.columns, roles);
  const columns = [...sampled.columns, ...(loss ? [loss] : [])];
  const gone = reference.names.filter((name) => !current.names.includes(name));
  const known = new Set(shape.notCompared.map(({ column }) => column));
  const unexpected = current.names.filter((name) => !reference.names.includes(name));
  return {
    kinds,
    roles,
    anchors: buildAnchors(columns.map((column) => ({ ...column, channel: channelOf(column.name, roles) }))),
    segments: new Map(
      segments
        .filter((name) => kinds.has(name))
        .map((name) => [name, segmentValues(name, sampled.columns, sampledNow.columns)]),
    ),
    notCompared: [
      ...shape.notCompared,
      ...gone
        .filter((name) => !known.has(name))
        .map((column) => ({ column, reason: 'only in the reference' })),
      ...unexpected.map((column) => ({ column, reason: 'only in the current file' })),
    ],
    absent: gone.filter((name) => shape.kinds.has(name) && name !== target && name !== prediction),
    unexpected,
    rows: {
      reference: featuresOf(sampled.columns, sampled.rows, roles),
      current: featuresOf(sampledNow.columns, sampledNow.rows, roles),
    },
  };
}

function checkNames(reference: Table, current: Table, options: CompareOptions): void {
  const { target, prediction, segments, exclude } = options;
  const words: [string, string | undefined][] = [
    ['target', target],
    ['prediction', prediction],
    ...segments.map((name): [string, string] => ['segment', name]),
    ...exclude.map((name): [string, string] => ['exclude', name]),
  ];
  for (const [word, name] of words)
    if (
      name !== undefined &&
      !reference.names.includes(name) &&
      !(word === 'exclude' && current.names.includes(name))
    )
      throw new UsageError(
        `--${word} ${name}: ${reference.file} has no such column; it has ${listed(reference.names)}`,
      );
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(', ');
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}

/** The most frequent values of both samples together. */
function segmentValues(name: string, ...samples: readonly (readonly Column[])[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const columns of samples) {
    const column = columns.find((one) => one.name === name);
    if (column?.kind !== 'categorical') continue;
    for (const value of column.values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  if (counts.size > maxSegmentValues)
    throw new UsageError(
      `--segment ${name}: ${counts.size} distinct values in a sample; at most ${maxSegmentValues} are allowed`,
    );
  return [...counts]
    .sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1))
    .slice(0, maxSegments)
    .map(([value]) => value);
}

function featuresOf(columns: readonly Column[], rows: number, roles: Roles): Columns {
  return { rows, columns: columns.filter(({ name }) => channelOf(name, roles) === 'feature') };
}
