/** What a verdict sets off, as it can be told when it is reached: for whoever reads the report. */
import type { Deps } from '../deps.ts';
import { stateKeys } from '../registry/keys.ts';
import type { ModelRecord } from '../registry/model.ts';
import { readPointer } from '../registry/registry.ts';
import type { Cooldown } from '../registry/run.ts';
import { retrainName } from './announce.ts';
import type { Report } from './report.ts';

export type NextStep =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'awaits_confirmation' }
  | { readonly kind: 'quarantined' }
  /** Only the champion's verdicts have consequences. */
  | { readonly kind: 'not_serving'; readonly champion: string | null }
  | {
      readonly kind: 'retrain_requested';
      readonly execution: string;
      /** Until when a cooldown refuses the run, ISO 8601, and why. */
      readonly cooldown?: { readonly until: string; readonly reason: string };
    };

/**
 * Follows `announce`: what it will do with this verdict. Whether a run that is requested goes on to start, the model's runs say.
 *
 * @example await nextStep(deps, model, report) // { kind: 'retrain_requested', execution: 'price-1a2b3c-w1795219500000' }
 */
export async function nextStep(
  deps: Pick<Deps, 'state' | 'now'>,
  model: ModelRecord,
  { verdict, version, window }: Pick<Report, 'verdict' | 'version' | 'window'>,
): Promise<NextStep> {
  if (verdict.kind === 'data_incident') return { kind: 'quarantined' };
  if (verdict.kind === 'none') return { kind: 'nothing' };
  const pointer = await readPointer(deps, model.name);
  if (pointer?.champion !== version) return { kind: 'not_serving', champion: pointer?.champion ?? null };
  if (!verdict.confirmed) return { kind: 'awaits_confirmation' };
  const item = await deps.state.get(stateKeys.cooldown(model.name));
  const cooldown = item?.value as unknown as Cooldown | undefined;
  return {
    kind: 'retrain_requested',
    execution: retrainName(model.name, window),
    ...(cooldown && cooldown.until > deps.now()
      ? { cooldown: { until: new Date(cooldown.until).toISOString(), reason: cooldown.reason } }
      : {}),
  };
}
