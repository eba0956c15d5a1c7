/** The floor of a policy: a champion that is right too seldom answers no more batches, until a person resumes it. */
import { channelNames } from '../capture/channels.ts';
import type { Deps } from '../deps.ts';
import { belowFloor } from '../performance/accuracy-floor.ts';
import { lossSample } from '../performance/loss-change.ts';
import { featureOf, type Profile } from '../profile/profile.ts';
import type { Baseline } from '../registry/baseline.ts';
import type { ModelRecord } from '../registry/model.ts';
import { changePause } from '../registry/pause.ts';
import { readPointer } from '../registry/registry.ts';
import type { Window } from '../windows/due.ts';

export interface JudgedWindow {
  readonly version: string;
  readonly window: Window;
  readonly baseline: Pick<Baseline, 'anchors' | 'designEffects'>;
  readonly current: Profile;
  /** Id of the window's report. */
  readonly report: string;
}

/**
 * Pauses where `pause_below_accuracy` is set, the labels that came in the window are enough, and chance is ruled out at 1 %.
 * The window must be mature: labels that are quick say little of those to come, so the champion must have served for
 * `maturity_ms` when it begins. A window that was over when a person last resumed or paused is that person's to have judged.
 *
 * @returns why it was paused just now, in words; undefined where it was not
 */
export async function pauseBelowAccuracy(
  deps: Pick<Deps, 'state' | 'now'>,
  { name, monitor, retrain }: Pick<ModelRecord, 'name' | 'monitor' | 'retrain'>,
  { version, window, baseline, current, report }: JudgedWindow,
): Promise<string | undefined> {
  const floor = monitor.pause_below_accuracy;
  const anchor = baseline.anchors.anchors.find((one) => one.name === channelNames.loss);
  if (floor === undefined || !anchor) return undefined;
  const pointer = await readPointer(deps, name);
  if (pointer?.champion !== version || window.start < pointer.change.at + retrain.maturity_ms)
    return undefined;
  const verdict = belowFloor(lossSample(anchor, featureOf(current, anchor.name)), floor, {
    minRows: monitor.min_rows,
    designEffect: baseline.designEffects.get(anchor.name) ?? 1,
  });
  if (!verdict?.below) return undefined;
  const { changed } = await changePause(deps, name, {
    paused: true,
    actor: 'monitor',
    reason: verdict.reason,
    detail: { report, version, accuracy: verdict.accuracy, rows: verdict.rows },
    unlessSince: window.end,
  });
  return changed ? verdict.reason : undefined;
}
