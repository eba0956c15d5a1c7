/** Which units the columns of a file are counted in, so that single precision resolves them. */
import { inUnits, type Unit, type Units, unitOf } from '#shared/comparison/units.ts';
import type { Column } from '#shared/schema/columns.ts';

/** Lets progress be told between long steps. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The columns in units that single precision resolves, and those of which there is none. */
export async function countable(columns: readonly Column[]): Promise<{
  readonly columns: readonly Column[];
  readonly units: Units;
  readonly unresolved: readonly { readonly column: string; readonly reason: string }[];
}> {
  const units = new Map<string, Unit>();
  const unresolved: { column: string; reason: string }[] = [];
  for (const { name, kind, values } of columns) {
    const unit = kind === 'numeric' ? unitOf(values) : undefined;
    if (unit && 'reason' in unit) unresolved.push({ column: name, reason: unit.reason });
    else if (unit) units.set(name, unit);
  }
  await breath();
  const left = new Set(unresolved.map(({ column }) => column));
  return {
    columns: inUnits(
      columns.filter(({ name }) => !left.has(name)),
      units,
    ),
    units,
    unresolved,
  };
}
