/** What is compared with what: the columns both files share, their kinds and roles, and the cells they are counted on. */
import { unsettledParts } from '#shared/comparison/calendar-parts.ts';
import { channelOf, lossColumn } from '#shared/comparison/roles.ts';
import { anchorsInOwnUnits, inUnits } from '#shared/comparison/units.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { buildAnchors } from '#shared/profile/anchors.ts';
import type { Columns } from '#shared/schema/columns.ts';
import { dateColumnNames } from '#shared/tabular/date-columns.ts';
import type { ColumnKind, Table, TableShape } from '#shared/tabular/table.ts';
import { UsageError } from '../usage.ts';
import { anchorRows } from './anchor-rows.ts';
import type { CountPlan } from './count.ts';
import { breath, countable } from './countable.ts';
import type { CompareOptions } from './options.ts';

export interface Plan extends CountPlan {
  readonly notCompared: readonly { readonly column: string; readonly reason: string }[];
  /** Features of the reference that the current file lacks. */
  readonly absent: readonly string[];
  /** Columns that only the current file has. */
  readonly unexpected: readonly string[];
  /** Rows of both files for what needs rows: the same feature columns in the same order. */
  readonly rows: { readonly reference: Columns; readonly current: Columns };
}

const classifierRows = 4000;
const mostClassifierColumns = 200;
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
      `the files share no column that can be compared; ${reference.file} has ${listed(reference.names)}, ${current.file} has ${listed(current.names)}${reasonsOf(shape)}`,
    );
  const roles = {
    ...(target === undefined ? {} : { target }),
    ...(prediction === undefined ? {} : { prediction }),
  };
  const notNow = await unsettledDates(shape, kinds, current);
  const sampled = await reference.sample(anchorRows(kinds.size), kinds);
  await breath();
  const loss = lossColumn(sampled.columns, roles);
  const left = new Set(notNow.map(({ column }) => column));
  const { columns, units, unresolved } = await countable(
    [...sampled.columns, ...(loss ? [loss] : [])].filter(({ name }) => !left.has(name)),
  );
  const gone = reference.names.filter((name) => !current.names.includes(name));
  const unexpected = current.names.filter(
    (name) => !reference.names.includes(name) && !exclude.includes(name),
  );
  const countedOn = buildAnchors(
    columns.map((column) => ({ ...column, channel: channelOf(column.name, roles) })),
  );
  await breath();
  const shared = segments.filter((name) => kinds.has(name));
  for (const name of shared) checkSegment(name, sampled);
  return {
    kinds,
    roles,
    countedOn,
    units,
    anchors: anchorsInOwnUnits(countedOn, units),
    segments: shared,
    ...(options.id === undefined ? {} : { id: options.id }),
    notCompared: [
      ...shape.notCompared,
      ...notNow,
      ...unresolved,
      ...leftOut(reference, current, shape.notCompared, exclude),
    ],
    absent: gone.filter((name) => shape.kinds.has(name) && name !== target && name !== prediction),
    unexpected,
    rows: await classifierSamples({ rows: sampled.rows, columns }, current, { kinds, roles, units }),
  };
}

/** Calendar parts of the dates that both files hold. */
async function unsettledDates(
  shape: TableShape,
  kinds: Plan['kinds'],
  current: Table,
): Promise<TableShape['notCompared']> {
  const spans = new Map([...shape.dateSpans].filter(([name]) => kinds.get(name) === 'datetime'));
  if (spans.size === 0) return [];
  const now = await current.shape({ only: [...spans.keys()] });
  return unsettledParts(spans, now.dateSpans);
}

/** Rows of the first features of both files, in the same order and the same units. */
async function classifierSamples(
  reference: Columns,
  current: Table,
  { kinds, roles, units }: Pick<Plan, 'kinds' | 'roles' | 'units'>,
): Promise<Plan['rows']> {
  const features = reference.columns.filter(({ name }) => channelOf(name, roles) === 'feature');
  const columns = features.slice(0, mostClassifierColumns);
  if (columns.length < features.length)
    process.stderr.write(
      `note: the domain classifier is given the first ${columns.length} of ${features.length} columns; each is compared by itself\n`,
    );
  const wanted = new Set(columns.map(({ name }) => name));
  const isWanted = (name: string, kind: ColumnKind) =>
    (kind === 'datetime' ? dateColumnNames(name) : [name]).some((part) => wanted.has(part));
  const sampled = await current.sample(
    classifierRows,
    new Map([...kinds].filter(([name, kind]) => isWanted(name, kind))),
  );
  await breath();
  const found = new Map(inUnits(sampled.columns, units).map((column) => [column.name, column]));
  return {
    reference: { rows: reference.rows, columns: columns.filter(({ name }) => found.has(name)) },
    current: { rows: sampled.rows, columns: columns.flatMap(({ name }) => found.get(name) ?? []) },
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
  const { target, prediction, segments, exclude, id } = options;
  const words: [string, string | undefined][] = [
    ['id', id],
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

function reasonsOf({ notCompared }: TableShape): string {
  const [first, ...others] = notCompared;
  if (!first) return '';
  return `; ${first.column}: ${first.reason}${others.length > 0 ? `; and ${others.length} more` : ''}`;
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
