/** One record back into the table, once, however often it is tried. */
import type { SpoolRecord } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import { isNeverStorable } from '#shared/ports/errors.ts';
import type { Item, Table } from '#shared/ports/table.ts';

export type PutBack =
  | { readonly kind: 'put' | 'already_there' }
  | { readonly kind: 'refused' | 'expired'; readonly reason: string };

export interface PutBackDeps {
  readonly predictions: Table;
  readonly models: ReadonlySet<string>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Looks only. */
  readonly isDry: boolean;
}

/**
 * A put-if-absent of the record's own key; of two labels the later `labelled_at` holds, as when they are sent. One that has expired is
 * refused: the table would take it anew at every try, and capture would count it every time. Throws when the store fails.
 */
export async function putBack(deps: PutBackDeps, record: SpoolRecord): Promise<PutBack> {
  const { pk, sk, value, expiresAt } = record;
  const model = pk.slice(0, pk.indexOf('#'));
  if (!deps.models.has(model))
    return {
      kind: 'refused',
      reason: `no model is named "${model}"; there are ${[...deps.models].join(', ') || 'none'}`,
    };
  if (expiresAt !== undefined && expiresAt * 1000 <= deps.now())
    return { kind: 'expired', reason: `it expired at ${isoOf(expiresAt)}` };
  const options = expiresAt === undefined ? {} : { expiresAt };
  try {
    let existing = await deps.predictions.get({ pk, sk });
    while (!existing || isLaterLabel(record, existing)) {
      if (deps.isDry) return { kind: 'put' };
      const put = existing
        ? await deps.predictions.putIfRevision({ pk, sk }, value, existing.revision, options)
        : await deps.predictions.putIfAbsent({ pk, sk }, value, options);
      if (put.stored) return { kind: 'put' };
      existing = put.existing;
    }
    return { kind: 'already_there' };
  } catch (error) {
    if (isNeverStorable(error)) return { kind: 'refused', reason: (error as Error).message };
    throw error;
  }
}

function isoOf(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000);
  return Number.isNaN(date.getTime()) ? `${unixSeconds}` : date.toISOString();
}

function isLaterLabel({ sk, value }: SpoolRecord, existing: Item): boolean {
  return sk === 'label' && labelledAt(value) > labelledAt(existing.value);
}

function labelledAt(label: Json): number {
  return Number((label as { readonly labelled_at?: number }).labelled_at);
}
