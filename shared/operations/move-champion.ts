/** Moves the champion by hand: to a version that exists, from the one that the person saw. */
import type { Deps } from '../deps.ts';
import { ProblemError } from '../errors.ts';
import { changeChampion, findVersion, readPointer } from '../registry/registry.ts';

export interface Move {
  readonly model: string;
  readonly to: string;
  /** The champion that the person saw; `null` for none. */
  readonly from: string | null;
  readonly action: 'promote' | 'rollback';
  readonly actor: string;
  readonly on_behalf_of?: string | undefined;
  readonly reason: string;
}

/**
 * The same move again changes nothing.
 *
 * @throws {ProblemError} 404 for an unknown version; 409 for one that cannot serve, and where the champion is another by now
 */
export async function moveChampion(
  deps: Pick<Deps, 'state' | 'now'>,
  { model, to, from, action, actor, on_behalf_of, reason }: Move,
): Promise<'changed' | 'unchanged'> {
  if (!(await findVersion(deps, model, to)))
    throw new ProblemError(404, `model "${model}" has no version "${to}"`);
  const by = { actor, ...(on_behalf_of === undefined ? {} : { on_behalf_of }), reason };
  const result = await changeChampion(deps, { model, to, expected: from, action, ...by });
  if (result === 'conflict')
    throw new ProblemError(409, `the champion of "${model}" was changed by somebody else; read it again`);
  return result;
}

/**
 * Where a rollback leads: to the named version, else to the champion before this one. A hasty hand that repeats it does not
 * come back to the bad version.
 *
 * @throws {ProblemError} 409 where there is nothing to go back to
 */
export async function rollbackTarget(
  deps: Pick<Deps, 'state'>,
  model: string,
  wanted: string | undefined,
): Promise<{ readonly from: string; readonly to: string }> {
  const pointer = await readPointer(deps, model);
  if (wanted === undefined && pointer?.change.action === 'rollback')
    throw new ProblemError(
      409,
      `the last change was a rollback already, from "${pointer.previous}"; name to_version to move again`,
    );
  const to = wanted ?? pointer?.previous;
  if (!pointer || !to) throw new ProblemError(409, `model "${model}" has no version to roll back to`);
  return { from: pointer.champion, to };
}
