/** A verdict as events for machines: drift and performance drops may retrain; bad data is quarantined and never does. */
import type { Deps } from '../deps.ts';
import { executionName, stateKeys } from '../registry/keys.ts';
import { appendLedger } from '../registry/ledger.ts';
import type { ModelRecord } from '../registry/model.ts';
import { readPointer } from '../registry/registry.ts';
import type { ReportEntry } from './report-index.ts';

type AnnounceDeps = Pick<Deps, 'state' | 'events' | 'now'>;

/**
 * Only the champion's verdicts become events; a window of bad data is quarantined whichever version saw it. Made of the stored
 * report, the event of a window is the same however often it is sent.
 */
export async function announce(deps: AnnounceDeps, model: ModelRecord, report: ReportEntry): Promise<void> {
  const { outcome: verdict } = report;
  if (verdict.kind === 'data_incident') await quarantine(deps, model, report);
  if (!verdict.confirmed || verdict.kind === 'none') return;
  const pointer = await readPointer(deps, model.name);
  if (pointer?.champion !== report.version) return;
  const reason = report.reasons[0] ?? verdict.kind;
  const since = verdict.episode.changePoint ?? verdict.episode.start ?? report.window.start;
  const detail = {
    model: model.name,
    version: report.version,
    report: report.id,
    window_start: report.window.start,
    window_end: report.window.end,
    level: verdict.level,
    reason,
    worst: report.worst?.name ?? null,
  };
  if (verdict.kind === 'data_incident') {
    await deps.events.publish({ type: 'DataIncident', detail });
    return;
  }
  const trigger = verdict.kind === 'drift' ? 'DriftConfirmed' : 'PerformanceDrop';
  await deps.events.publish({
    type: trigger,
    detail: {
      ...detail,
      trigger,
      actor: 'monitor',
      change_point: Date.parse(since),
      execution_name: retrainName(model.name, report.window),
    },
  });
}

/**
 * A report is stored, whatever it says: its figures may be published at once. As often as the window is judged, for whom once is enough;
 * without it they are published with the next minute, so that its failure must hold up no other window.
 */
export async function announceJudged(
  { events, log }: Pick<Deps, 'events' | 'log'>,
  { name }: Pick<ModelRecord, 'name'>,
  { id }: Pick<ReportEntry, 'id'>,
): Promise<void> {
  try {
    await events.publish({ type: 'WindowJudged', detail: { model: name, report: id } });
  } catch (error) {
    const detail = { model: name, report: id, error: String(error) };
    log('warn', 'figures are published with the next minute: the bus did not take the event', detail);
  }
}

/** One window, one run: however often its verdict is told. */
export function retrainName(model: string, { end }: ReportEntry['window']): string {
  return executionName(model, `w${Date.parse(end)}`);
}

async function quarantine(deps: AnnounceDeps, model: ModelRecord, report: ReportEntry): Promise<void> {
  const start = Date.parse(report.window.start);
  const put = await deps.state.putIfAbsent(stateKeys.quarantine(model.name, start), {
    start,
    end: Date.parse(report.window.end),
    report: report.id,
  });
  if (put.stored)
    await appendLedger(deps, model.name, {
      at: deps.now(),
      action: 'data_incident',
      actor: 'monitor',
      reason: report.reasons[0] ?? 'a hard quality check failed',
      detail: { report: report.id },
    });
}
