/** Two hours after the drifted window: was it noticed? Where not, people hear it from here, whatever became of Prometheus. */
import type { Deps } from '../deps.ts';
import type { ReportEntry } from '../monitoring/report-index.ts';
import { stateKeys } from '../registry/keys.ts';
import {
  type CanaryState,
  missedFrom,
  nextDay,
  type Outcome,
  outcomeOf,
  type Phase,
  windowOf,
} from './day.ts';
import { endMiss, tellMiss } from './missed.ts';
import { canaryVersion } from './model.ts';
import { canaryModel } from './names.ts';
import { changeCanary } from './state.ts';

/** Ends the day: the outcome, and the next day's state. */
export async function judgeDay(deps: Deps, state: CanaryState): Promise<Outcome> {
  const now = deps.now();
  const outcome = outcomeOf(state, now);
  const where = outcome === 'noticed' ? '' : await whereLost(deps, state);
  const isFalseAlarm = await hasFalseAlarm(deps, state);
  // told before it is written down: who is killed in between tells it again, and the alert log knows it
  if (outcome === 'missed') await send(deps, await tellMiss(deps, missedFrom(state), where));
  // also where this state knows of none: who told it may have been killed before writing that down
  if (outcome === 'noticed') await send(deps, await endMiss(deps));
  await changeCanary(deps, (current) =>
    // an alert that arrived just now makes it another outcome: the next invocation judges that one
    current?.day.startsAt === state.day.startsAt && outcomeOf(current, now) === outcome
      ? nextDay(current, now, isFalseAlarm)
      : undefined,
  );
  const level = outcome === 'noticed' ? 'info' : outcome === 'void' ? 'warn' : 'error';
  deps.log(level, `the canary of the day: ${outcome}`, { where, false_alarm: isFalseAlarm });
  return outcome;
}

const isAlarm = ({ outcome }: ReportEntry): boolean =>
  outcome.level === 'critical' || outcome.level === 'warning' || outcome.kind !== 'none';

async function reportOf(
  { state: table }: Pick<Deps, 'state'>,
  state: CanaryState,
  phase: Phase,
): Promise<ReportEntry | undefined> {
  const item = await table.get(stateKeys.report(canaryModel, windowOf(state.day, phase), canaryVersion));
  return item && (item.value as unknown as ReportEntry);
}

async function hasFalseAlarm(deps: Deps, state: CanaryState): Promise<boolean> {
  const calm = await Promise.all([reportOf(deps, state, 'before'), reportOf(deps, state, 'after')]);
  return calm.some((report) => report !== undefined && isAlarm(report));
}

/** The first link that is known to be broken, in words. */
async function whereLost(deps: Deps, state: CanaryState): Promise<string> {
  if (!state.day.written.includes('drifted'))
    return 'its rows could not be written: the function canary, or the table of predictions';
  const report = await reportOf(deps, state, 'drifted');
  if (!report) return 'there is no report of the drifted window: capture, tick or monitor';
  if (!isAlarm(report)) return `the report of the drifted window says "${report.outcome.level}": detection`;
  return 'the report raised the alarm and no alert arrived: publish, the receiver of metrics, its rules, its Alertmanager, the topic or notify';
}

async function send(deps: Deps, alerts: readonly string[]): Promise<void> {
  if (alerts.length === 0) return;
  try {
    await deps.events.publish({ type: 'AlertsChanged', detail: { alerts } });
  } catch (error) {
    deps.log('warn', 'alerts are told with the next minute: the bus did not take the event', {
      error: String(error),
    });
  }
}
