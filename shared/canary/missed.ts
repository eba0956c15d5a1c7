/** People hear that injected drifts are missed, and of the end of it: by the alert log, whatever became of Prometheus. */
import type { Deps } from '../deps.ts';
import { noticeOf } from '../notify/notice.ts';
import { receive } from '../notify/receive.ts';
import { isMissTold } from './heed.ts';
import { canaryMissed } from './names.ts';

type TellDeps = Pick<Deps, 'state' | 'settings' | 'now' | 'log' | 'measure'>;

/**
 * @param where the first link that is known to be broken, in words
 * @returns ids of the alerts that something is to be sent about
 */
export async function tellMiss(deps: TellDeps, startsAt: number, where: string): Promise<readonly string[]> {
  const annotations = {
    summary: `an injected drift was not noticed: ${where}`,
    description: 'Found by the canary’s own check, without Prometheus.',
    impact: 'Drift of real models may go unnoticed, or nobody be told of it.',
    first_steps:
      '1. the summary says how far it came: read the log of the functions it names\n2. look for other alerts and alarms about them\n3. once it is mended wait: while drifts are missed one is injected in the next whole hour',
    respond_within: '15m',
    runbook_url: 'docs/runbooks/canary-missed.md',
  };
  return tell(deps, 'firing', startsAt, annotations);
}

/** @returns as {@link tellMiss}; none where people were told of no miss */
export const endMiss = async (deps: TellDeps): Promise<readonly string[]> =>
  (await isMissTold(deps)) ? tell(deps, 'resolved', deps.now(), {}) : [];

/** The same labels as the rule of that name has, so that both are one alert in the log. */
function tell(
  deps: TellDeps,
  status: 'firing' | 'resolved',
  startsAt: number,
  annotations: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const labels = {
    alertname: canaryMissed,
    severity: 'critical',
    category: 'meta',
    env: deps.settings.ENVIRONMENT,
  };
  const notice = noticeOf({ source: 'tidemark', status, labels, annotations, startsAt });
  return receive(deps, { notices: [notice], refused: [] });
}
