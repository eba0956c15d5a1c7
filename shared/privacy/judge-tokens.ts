/** What a window says of features about people: how many were missing, how many had a value nobody had before. Never which. */
import { type NotComputable, notComputable } from '../drift/measure.ts';
import type { CategoricalAnchor } from '../profile/categorical-anchor.ts';
import { featureOf, type Profile, rowsOf } from '../profile/profile.ts';

/** A baseline that tells less than this of what is known says nothing of what is new. */
const NOTHING_KNOWN = 1;

export interface TokenReport {
  readonly name: string;
  readonly rows: number;
  /** Share of the rows, in [0, 1]. */
  readonly missing: number;
  readonly missing_reference: number;
  readonly unseen:
    | { readonly computable: true; readonly share: number; readonly expected: number }
    | NotComputable;
}

/** One for each feature that is watched by its tokens, in the anchors' order; whether it is too much, the quality checks say. */
export function judgeTokens(reference: Profile, current: Profile): readonly TokenReport[] {
  return current.anchors.anchors.flatMap((anchor): TokenReport[] => {
    if (anchor.channel !== 'token' || anchor.kind !== 'categorical') return [];
    const [before, now] = [featureOf(reference, anchor.name), featureOf(current, anchor.name)];
    const share = (part: number, rows: number) => (rows === 0 ? 0 : part / rows);
    return [
      {
        name: anchor.name,
        rows: rowsOf(now),
        missing: share(now.missing, rowsOf(now)),
        missing_reference: share(before.missing, rowsOf(before)),
        unseen: unseenOf(anchor, before.count, now),
      },
    ];
  });
}

function unseenOf(
  { categories, expectedUnseenShare }: CategoricalAnchor,
  referenceCount: number,
  now: ReturnType<typeof featureOf>,
): TokenReport['unseen'] {
  if (referenceCount === 0) return notComputable('the baseline has no value of it');
  if (categories.length === 0)
    return notComputable(
      'the baseline knows no tokens: its rows came from where the key is not; a version that is retrained here will',
    );
  if (expectedUnseenShare >= NOTHING_KNOWN)
    return notComputable('no value of the baseline came twice: every value is expected to be new');
  if (now.kind !== 'categorical' || now.count === 0) return notComputable('the window has no value of it');
  return { computable: true, share: now.unseen.total / now.count, expected: expectedUnseenShare };
}
