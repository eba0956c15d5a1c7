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
  /** Categorical columns whose frequent values are compared apart. */
  readonly segments: readonly string[];
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
  const nestedNow = new Set(current.unreadable.map(({ column }) => column));
  const kinds = new Map(
    [...shape.kinds].filter(([name]) => current.names.includes(name) && !nestedNow.has(name)),
  );
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
  const unexpected = current.names.filter(
    (name) => !reference.names.includes(name) && !exclude.includes(name),
  );
  const anchors = buildAnchors(
    columns.map((column) => ({ ...column, channel: channelOf(column.name, roles) })),
  );
  const shared = segments.filter((name) => kinds.has(name));
  for (const name of shared) checkSegment(name, sampled);
  return {
    kinds,
    roles,
    anchors,
    segments: shared,
    notCompared: [...shape.notCompared, ...leftOut(reference, current, shape.notCompared, exclude)],
    absent: gone.filter((name) => shape.kinds.has(name) && name !== target && name !== prediction),
    unexpected,
    rows: {
      reference: featuresOf(sampled.columns, sampled.rows, roles),
      current: featuresOf(sampledNow.columns, sampledNow.rows, roles),
    },
  };
}

/** Columns of one file only, and what the current file's header rules out, beyond what the reference's has said. */
function leftOut(
  reference: Table,
  current: Table,
  said: Plan['notCompared'],
  exclude: readonly string[],
): Plan['notCompared'] {
  const known = new Set(said.map(({ column }) => column));
  const entries: { column: string; reason: string }[] = [];
  const add = (column: string, reason: string) => {
    if (!known.has(column)) entries.push({ column, reason: exclude.includes(column) ? 'asked for' : reason });
    known.add(column);
  };
  for (const name of reference.names) if (!current.names.includes(name)) add(name, 'only in the reference');
  for (const { column, reason } of current.unreadable) add(column, `${reason} (in the current file)`);
  for (const name of current.names)
    if (!reference.names.includes(name)) add(name, 'only in the current file');
  return entries;
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

/** A column of very many values is an id or a text: its most frequent ones are no segments. */
function checkSegment(name: string, { columns }: Columns): void {
  const column = columns.find((one) => one.name === name);
  if (column?.kind !== 'categorical') return;
  const distinct = new Set(column.values.filter((value) => value !== null)).size;
  if (distinct > maxSegmentValues)
    throw new UsageError(
      `--segment ${name}: ${distinct} distinct values in a sample; at most ${maxSegmentValues} are allowed`,
    );
}

function featuresOf(columns: readonly Column[], rows: number, roles: Roles): Columns {
  return { rows, columns: columns.filter(({ name }) => channelOf(name, roles) === 'feature') };
}
