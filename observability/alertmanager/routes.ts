/** Who is told of what, and what waits: the part that a local Alertmanager and the alert manager of Amazon Managed Prometheus have in common. */
import { canaryModel } from '#shared/canary/names.ts';
import { batchPaused } from '../alerts/pipeline-alerts.ts';
import { errorRateHigh } from '../alerts/serving-alerts.ts';
import type { Yaml } from '../alerts/yaml.ts';

/** Names of the receivers, by severity; what they do differs between the two. */
export const receivers = {
  critical: 'critical',
  warning: 'warning',
  none: 'watchdog',
  canary: 'canary',
} as const;

const severity = (value: string) => [`severity="${value}"`];

/**
 * One notification an alert of a model: what is wrong with it is worth a message of its own. Waits add up with `for` and the interval
 * of evaluation to what a person waits for. A critical has nothing to wait for, as no other alert joins its group; a warning waits until a
 * critical of its model is known, which holds it back.
 */
export const route: Yaml = {
  receiver: receivers.warning,
  group_by: ['alertname', 'env', 'model'],
  group_wait: '30s',
  group_interval: '1m',
  repeat_interval: '4h',
  routes: [
    { matchers: severity('none'), receiver: receivers.none, group_wait: '0s', repeat_interval: '5m' },
    // to our own function and to nobody else, who would be paged every day
    { matchers: [`model="${canaryModel}"`], receiver: receivers.canary, group_wait: '0s' },
    {
      matchers: severity('critical'),
      receiver: receivers.critical,
      group_wait: '0s',
      repeat_interval: '1h',
    },
    { matchers: severity('warning'), receiver: receivers.warning },
  ],
};

/**
 * While something critical of a model's data or answers is open, its warnings about them add nothing. What our own work says
 * (retraining, capture, figures) is never held back: it may be why the rest does not get better. Paused batches are answered 503, which
 * is no news: whoever paused them knows.
 */
export const inhibitRules: Yaml = [
  {
    source_matchers: severity('critical'),
    target_matchers: [...severity('warning'), 'category=~"drift|quality|serving"'],
    equal: ['env', 'model'],
  },
  {
    source_matchers: [`alertname="${batchPaused}"`],
    target_matchers: [`alertname="${errorRateHigh}"`],
    equal: ['env', 'model'],
  },
];
