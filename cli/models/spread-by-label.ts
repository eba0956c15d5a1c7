/** Which of many images are sent: a part that is like the whole. */

interface Candidate {
  readonly label: string;
  readonly bytes: number;
}

/**
 * As many as the limits allow, at even distances within each label, so that the shares of the labels stay; in their order.
 *
 * @example spreadByLabel([{ label: 'a', bytes: 1 }, { label: 'b', bytes: 1 }, { label: 'a', bytes: 1 }, { label: 'b', bytes: 1 }],
 *   { most: 2, bytes: 9 }) // the third and the fourth
 */
export function spreadByLabel<One extends Candidate>(
  candidates: readonly One[],
  limits: { readonly most: number; readonly bytes: number },
): readonly One[] {
  const byLabel = new Map<string, number[]>();
  for (const [at, { label }] of candidates.entries()) {
    const group = byLabel.get(label);
    if (group) group.push(at);
    else byLabel.set(label, [at]);
  }
  const order = [...byLabel.values()].flat();
  let count = Math.min(limits.most, order.length);
  for (;;) {
    const chosen = Array.from({ length: count }, (_, at) => order[pick(at, count, order.length)]!);
    const bytes = chosen.reduce((sum, at) => sum + candidates[at]!.bytes, 0);
    if (bytes <= limits.bytes) return chosen.sort((one, other) => one - other).map((at) => candidates[at]!);
    count = Math.min(count - 1, Math.floor((count * limits.bytes) / bytes));
  }
}

const pick = (at: number, count: number, of: number) => Math.floor(((at + 0.5) * of) / count);
