/** An alert as the API and the webhook show it: times in ISO 8601, names in snake case, every delivery with its result. */
import type { AlertRecord, Delivery } from '../registry/alert-log.ts';

export function alertView({ deliveries, acknowledged, resolved, lease: _, ...alert }: AlertRecord) {
  const { alertname = 'alert', model = null } = alert.labels;
  return {
    id: alert.id,
    name: alertname,
    model,
    status: alert.status,
    severity: alert.severity,
    source: alert.source,
    labels: alert.labels,
    annotations: alert.annotations,
    starts_at: isoTime(alert.startsAt),
    first_seen: isoTime(alert.firstSeen),
    last_seen: isoTime(alert.lastSeen),
    respond_by: isoTime(alert.respondBy),
    escalated_at: alert.escalatedAt === undefined ? null : isoTime(alert.escalatedAt),
    acknowledged: acknowledged ? { ...acknowledged, at: isoTime(acknowledged.at) } : null,
    resolved: resolved ? { ...resolved, at: isoTime(resolved.at) } : null,
    deliveries: Object.values(deliveries).map(deliveryView),
  };
}

function deliveryView({ channel, event, state, attempts, nextAt, sentAt, error }: Delivery) {
  return {
    channel,
    event,
    state,
    failed_attempts: attempts,
    ...(state === 'pending' && { next_at: isoTime(nextAt) }),
    ...(sentAt !== undefined && { sent_at: isoTime(sentAt) }),
    ...(error !== undefined && { error }),
  };
}

const isoTime = (ms: number): string => new Date(ms).toISOString();
