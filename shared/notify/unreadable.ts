/** What stands in for a message that nobody here can read: one alert, however many such messages come. */
import { type Notice, noticeOf } from './notice.ts';

/** @param now Unix milliseconds */
export function unreadable(reasons: readonly string[], now: number): Notice {
  return noticeOf({
    source: 'tidemark',
    status: 'firing',
    labels: { alertname: 'UnreadableNotification', severity: 'warning' },
    annotations: {
      summary: 'a notification on the alarm topic could not be read: an alert may be hidden in it',
      description: reasons.join('; '),
      impact: 'Somebody may not have been told of something.',
      first_steps:
        '1. look at the alerts that fire now: Alertmanager or the workspace, and the alarms of CloudWatch\n2. read the log of the function notify for the reason\n3. is anyone else allowed to publish on the topic',
    },
    startsAt: now,
  });
}
