/** How far the canary's day is, as stored: one item, changed by the function that injects and by whoever hears of its alerts. */
import * as z from 'zod';
import type { Deps } from '../deps.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys } from '../registry/keys.ts';
import { type CanaryState, phases } from './day.ts';

type State = Pick<Deps, 'state'>;

const time = z.number().int();
const stateSchema: z.ZodType<CanaryState> = z.object({
  day: z.object({
    startsAt: time,
    hourMs: z.number().int().positive(),
    written: z.array(z.enum(phases)),
  }),
  dueAt: time,
  noticedAt: time.exactOptional(),
  noticedDay: time.exactOptional(),
  missedSince: time.exactOptional(),
  isFalseAlarm: z.boolean(),
});

/** What cannot be read is not there: the canary then begins anew, and nothing else stands still for it. */
const parsed = (value: unknown): CanaryState | undefined => stateSchema.safeParse(value).data;

export async function readCanary({ state }: State): Promise<CanaryState | undefined> {
  return parsed((await state.get(stateKeys.canary))?.value);
}

/** @param change pure; undefined leaves it as it is */
export async function changeCanary(
  { state }: State,
  change: (current: CanaryState | undefined) => CanaryState | undefined,
): Promise<void> {
  await updateItem<unknown>(state, stateKeys.canary, (current) => change(parsed(current)));
}
