/** What arrives about the canary, on its way to the alert log: written down as the proof that alerts arrive, and told to nobody. */
import type { Deps } from '../deps.ts';
import type { Notice } from '../notify/notice.ts';
import { openAlerts } from '../registry/alert-log.ts';
import { withNotice } from './day.ts';
import { canaryMissed, canaryMissedAlarm, canaryModel, noticingAlerts } from './names.ts';
import { changeCanary } from './state.ts';

type HeedDeps = Pick<Deps, 'state' | 'now' | 'log' | 'measure'>;

/** @returns the notices that are for people */
export async function heedCanary(deps: HeedDeps, notices: readonly Notice[]): Promise<readonly Notice[]> {
  const forPeople: Notice[] = [];
  for (const notice of notices)
    if (isOfCanary(notice))
      await heed(deps, notice).catch((error: unknown) => {
        // what is for people goes on; the next alert of the same drift comes within minutes
        deps.log('error', 'an alert about the canary could not be noted', { error: String(error) });
      });
    else if (!(isLateAlarm(notice) && (await isMissTold(deps)))) forPeople.push(notice);
  return forPeople;
}

const isOfCanary = ({ labels, source }: Notice): boolean =>
  source === 'alertmanager' && labels.model === canaryModel;

/** CloudWatch finds out hours after the others, if those live. */
const isLateAlarm = ({ labels, source, status }: Notice): boolean =>
  source === 'cloudwatch' &&
  status === 'firing' &&
  labels.alertname?.endsWith(`-${canaryMissedAlarm}`) === true;

/** Whether an alert about missed drifts is open. */
export const isMissTold = async (deps: Pick<Deps, 'state'>): Promise<boolean> =>
  (await openAlerts(deps)).some(
    ({ labels, status }) => labels.alertname === canaryMissed && status !== 'resolved',
  );

async function heed(deps: HeedDeps, { status, labels, startsAt }: Notice): Promise<void> {
  if (status !== 'firing' || !noticingAlerts.includes(labels.alertname ?? '')) return;
  const now = deps.now();
  let isNew = false;
  await changeCanary(deps, (current) => {
    const next = current && withNotice(current, startsAt, now);
    isNew = next !== undefined;
    return next;
  });
  if (!isNew) return;
  deps.measure('CanaryNoticed', 1);
  deps.log('info', 'the injected drift of the canary was noticed', { alert: labels.alertname ?? '' });
}
