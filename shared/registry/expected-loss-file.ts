/** What a version's held-out rows say of its errors, as kept beside its baseline; the same for as long as the version lives. */
import * as z from 'zod';
import { answerColumns, channelNames, type LabelledAnswer, labelColumns } from '../capture/channels.ts';
import type { Deps } from '../deps.ts';
import { type NotComputable, notComputable } from '../drift/measure.ts';
import { type ExpectedLoss, expectedLoss } from '../performance/expected-loss.ts';
import type { Anchors } from '../profile/anchors.ts';
import { objectKeys } from './keys.ts';

export const expectedLossFile = 'expected-loss.json';

const storedSchema = z.union([
  z.object({
    computable: z.literal(true),
    kind: z.enum(['error_rate', 'absolute_error']),
    column: z.string(),
    bins: z
      .array(
        z.object({
          from: z.number().int().min(0),
          to: z.number().int().min(1),
          rows: z.number().int().min(0),
          mean: z.number().min(0),
          standard_deviation: z.number().min(0),
        }),
      )
      .min(1),
    reach: z.tuple([z.number(), z.number()]),
  }),
  z.object({ computable: z.literal(false), reason: z.string() }),
]);

/**
 * The file of a version.
 *
 * @param anchors of the version, which its later windows are counted on
 * @param heldOut answers with their labels; none where not every held-out row has one
 */
export function expectedLossFileOf(anchors: Anchors, heldOut: readonly LabelledAnswer[]): Uint8Array {
  const found = measure(anchors, heldOut);
  const stored: z.infer<typeof storedSchema> = found.computable
    ? {
        ...found,
        reach: [...found.reach],
        bins: found.bins.map(({ standardDeviation, ...bin }) => ({
          ...bin,
          standard_deviation: standardDeviation,
        })),
      }
    : found;
  return Buffer.from(JSON.stringify(stored));
}

function measure(anchors: Anchors, heldOut: readonly LabelledAnswer[]): ExpectedLoss | NotComputable {
  if (heldOut.length === 0) return notComputable('the version has no labelled held-out rows');
  const answered = answerColumns(heldOut.map(({ answer }) => answer));
  const loss = labelColumns(heldOut).find(({ name }) => name === channelNames.loss);
  const said = answered.find(({ kind }) => kind === 'numeric');
  const anchor = anchors.anchors.find(({ name }) => name === said?.name);
  if (said?.kind !== 'numeric' || loss?.kind !== 'numeric' || anchor?.kind !== 'numeric')
    throw new TypeError('held-out answers have neither a confidence nor a number');
  const kind = said.name === channelNames.confidence ? 'error_rate' : 'absolute_error';
  return expectedLoss(kind, anchor, said.values, loss.values);
}

/** Never an error of what is stored: a report without an estimate is better than none. */
export async function readExpectedLoss(
  deps: Pick<Deps, 'objects'>,
  model: string,
  version: string,
): Promise<ExpectedLoss | NotComputable> {
  const bytes = await deps.objects.get(objectKeys.version(model, version, expectedLossFile));
  if (!bytes) return notComputable('the version was made before losses were estimated; the next one can be');
  try {
    const stored = storedSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (!stored.computable) return stored;
    return {
      ...stored,
      bins: stored.bins.map(({ standard_deviation, ...bin }) => ({
        ...bin,
        standardDeviation: standard_deviation,
      })),
    };
  } catch {
    return notComputable(`${expectedLossFile} of the version cannot be read`);
  }
}
