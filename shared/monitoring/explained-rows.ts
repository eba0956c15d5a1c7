/** Contributions of a window's sampled rows, beside those of held-out rows: written by the tick, judged by the monitor. */
import * as z from 'zod';
import type { Deps } from '../deps.ts';
import type { NotComputable } from '../drift/measure.ts';
import { notComputable } from '../drift/measure.ts';
import {
  type AttributionDrift,
  type AttributionSample,
  attributionDrift,
} from '../explain/attribution-drift.ts';
import { seededRandom, seedFrom } from '../random.ts';
import { timeKey } from '../registry/keys.ts';
import type { Window } from '../windows/due.ts';

type Store = Pick<Deps, 'objects'>;

export interface ExplainedRows {
  /** The model's columns, in the order of each row's contributions. */
  readonly columns: readonly string[];
  /** Held-out rows of the version. */
  readonly baseline: AttributionSample;
  readonly current: AttributionSample;
}

const sampleSchema = z.object({
  rows: z.number().int(),
  /** Little-endian float32, rows × columns. */
  contributions: z.base64(),
});
const storedSchema = z
  .object({ columns: z.array(z.string()), baseline: sampleSchema, current: sampleSchema })
  .refine(({ columns, baseline, current }) =>
    [baseline, current].every(
      ({ rows, contributions }) => Buffer.byteLength(contributions, 'base64') === 4 * rows * columns.length,
    ),
  );

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function keyOf(model: string, version: string, { start }: Window): string {
  return `granules/${model}/explained-${timeKey(start)}-${version}.json`;
}

/** The first sample of a window and version stands. */
export async function storeExplained(
  deps: Store,
  model: string,
  version: string,
  window: Window,
  { columns, baseline, current }: ExplainedRows,
): Promise<void> {
  const text = JSON.stringify({ columns, baseline: toStored(baseline), current: toStored(current) });
  await deps.objects.putIfAbsent(keyOf(model, version, window), Buffer.from(text));
}

/** Undefined where no row was explained, and where what was written cannot be read: it is no reason not to judge the window. */
export async function readExplained(
  deps: Store,
  model: string,
  version: string,
  window: Window,
): Promise<ExplainedRows | undefined> {
  const bytes = await deps.objects.get(keyOf(model, version, window));
  if (!bytes) return undefined;
  const parsed = storedSchema.safeParse(parsedJson(bytes));
  if (!parsed.success) return undefined;
  const { columns, baseline, current } = parsed.data;
  return { columns, baseline: fromStored(baseline), current: fromStored(current) };
}

/** Drift of what the model relies on; the same rows are judged the same way each time. */
export function judgeExplained(
  explained: ExplainedRows | undefined,
  reportId: string,
): AttributionDrift | NotComputable {
  if (!explained)
    return notComputable(
      'no row of the window was explained: the version has no stored trees, explain_rows is 0, or the tick had no time left',
    );
  const { columns, baseline, current } = explained;
  return attributionDrift(columns, baseline, current, { random: seededRandom(seedFrom(reportId)) });
}

type StoredSample = z.infer<typeof sampleSchema>;

function toStored({ rows, contributions }: AttributionSample): StoredSample {
  const bytes = Buffer.alloc(4 * contributions.length);
  for (let at = 0; at < contributions.length; at++) bytes.writeFloatLE(contributions[at]!, 4 * at);
  return { rows, contributions: bytes.toString('base64') };
}

function fromStored({ rows, contributions }: StoredSample): AttributionSample {
  const bytes = Buffer.from(contributions, 'base64');
  return {
    rows,
    contributions: Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at)),
  };
}
