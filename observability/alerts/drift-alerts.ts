/** Alerts on what the newest window says of a model's data: drift by B's counts, A's two tiers, predictions, and reports that stay away. */
import { type AlertGroup, slowly } from './alert.ts';
import { latest, slowLatest } from './latest.ts';

const counted =
  'Features are judged window by window against the baseline; a level counts only what is significant after correction and large enough (de-biased PSI).';
/** PSI is reported raw, and in a small window chance alone makes it large: it counts where a feature's verdict is an alarm as well. */
const significantPsi =
  'tidemark:data_drift:latest and on (model, env) (tidemark:drift_features_warning:latest + tidemark:drift_features_critical:latest > 0)';
/** On the scale of levels: 1 is shifted, 2 warning, 3 critical. */
const SHIFTED = 1;
const lookAtReport =
  'open the report: which features, since when, and does the data-quality section explain it';

export const driftAlerts: AlertGroup = {
  name: 'tidemark-drift',
  recordings: [
    latest('drift_features_critical'),
    latest('drift_features_warning'),
    latest('data_drift'),
    latest('prediction_drift'),
    slowLatest('report_timestamp_seconds', '49h'),
    {
      record: 'tidemark:performance_drop:latest',
      expr: 'max by (model, env) (last_over_time(tidemark_drift_confirmed{kind="performance_drop"}[13h]))',
      isSlow: true,
    },
    slowLatest('model_deployed_timestamp_seconds', '49h'),
    {
      // a version that never had a report is as old as its deployment
      record: 'tidemark:report_age_seconds',
      expr: `time() - (${slowly('tidemark:report_timestamp_seconds:latest')} or on (model, env) ${slowly('tidemark:model_deployed_timestamp_seconds:latest')})`,
    },
  ],
  alerts: [
    {
      name: 'FeatureDriftCritical',
      severity: 'critical',
      category: 'drift',
      signal: 'tidemark:drift_features_critical:latest',
      is: '>',
      threshold: 0,
      forMinutes: 5,
      summary: '{{ $labels.model }}: features in critical drift: {{ $value }}',
      description: `At least one feature of the newest window is in critical drift. ${counted}`,
      impact:
        'The model answers about a world it was not trained on. Once the drift is confirmed by a second window, retraining starts by itself, within its cooldown.',
      firstSteps: [
        lookAtReport,
        'see whether a retrain run is under way: GET /models/{model}/runs',
        'when the predictions do harm now: POST /models/{model}/pause, or /rollback when a promotion was the change',
      ],
      falseAlarm:
        'A planned change (a new region, a campaign, a price list) that the model handles: the loss stays flat in the report.',
      closes:
        'A window without critical features, or a new version or baseline against which there are none.',
    },
    {
      name: 'FeatureDriftWarning',
      severity: 'warning',
      category: 'drift',
      signal: 'tidemark:drift_features_warning:latest',
      is: '>',
      threshold: 0,
      forMinutes: 15,
      summary: '{{ $labels.model }}: features in warning drift: {{ $value }}',
      description: `At least one feature of the newest window is in warning drift. ${counted}`,
      impact: 'None for certain yet. Predictions may be getting worse for the rows that changed.',
      firstSteps: [
        lookAtReport,
        'compare with the window before: is it growing, or one odd window',
        'when it is to be the new normal: POST /models/{model}/baseline with that window and the reason',
      ],
      falseAlarm: 'One window on a holiday or after an outage of a caller; the next one is calm.',
      closes: 'A window without features at this level.',
    },
    {
      name: 'PredictionDrift',
      severity: 'warning',
      category: 'drift',
      signal: 'tidemark:prediction_drift:latest',
      is: '>',
      threshold: SHIFTED,
      forMinutes: 10,
      summary: '{{ $labels.model }}: its predictions are distributed differently than on held-out rows',
      description:
        'The distribution of predictions or of their confidence in the newest window differs from that on held-out rows, significantly and by enough for an alarm.',
      impact:
        'Whoever acts on shares of predictions (approvals, stock, thresholds) sees more or less of them than planned.',
      firstSteps: [
        'open the report: do features drift as well? Then they are the cause to look at',
        'if no feature drifts: was a version promoted, or does a caller send other rows? GET /models/{model}/history',
        'when labels are there, look at the loss: if it is flat the world has changed and the model copes',
      ],
      falseAlarm: 'Real prevalence moved (a season) while the loss stays flat.',
      closes: 'A window whose predictions are in line again, or a new version.',
    },
    {
      name: 'PsiWarning',
      severity: 'warning',
      category: 'drift',
      signal: significantPsi,
      is: '>',
      threshold: { name: 'psi_warning', fallback: 0.15 },
      forMinutes: 5,
      summary: '{{ $labels.model }}: largest PSI {{ printf "%.2f" $value }}, above the warning tier',
      description:
        'The largest population stability index of any feature in the newest window is above the warning tier of the model (0.15 unless its policy says otherwise, strictly above), and the verdict on a feature is an alarm.',
      impact: 'A feature is visibly not what it was. Answer within four hours.',
      firstSteps: [
        lookAtReport,
        'look at PSI and Jensen-Shannon side by side: when they disagree, sparse cells are the cause and not the data',
        'acknowledge it: the escalation of four hours stops',
      ],
      falseAlarm: 'Rows of one unusual hour or caller, gone in the next window.',
      closes: 'The largest PSI at the tier or below it in a later window.',
    },
    {
      name: 'PsiCritical',
      severity: 'critical',
      category: 'drift',
      signal: significantPsi,
      is: '>',
      threshold: { name: 'psi_critical', fallback: 0.3 },
      // a window's figures stand until the next window: holding on would prove nothing and cost the time
      forMinutes: 0,
      summary: '{{ $labels.model }}: largest PSI {{ printf "%.2f" $value }}, above the critical tier',
      description:
        'The largest population stability index of any feature in the newest window is above the critical tier of the model (0.30 unless its policy says otherwise, strictly above), and the verdict on a feature is an alarm.',
      impact: 'A feature is nothing like what the model learnt from. Answer within a quarter of an hour.',
      firstSteps: [
        lookAtReport,
        'is it bad data? A unit, an encoding or a default changed by whoever sends it: then repair that, retraining would learn the mistake',
        'is it real? Follow the retrain run, or start one: POST /models/{model}/retrain',
      ],
      falseAlarm:
        'A feature that counts up by itself (an id, a date, a price level): leave it out of the model or accept a baseline.',
      closes:
        'The largest PSI at the tier or below it; above the warning tier the warning is shown again then.',
    },
    {
      name: 'PerformanceDrop',
      severity: 'critical',
      category: 'drift',
      signal: slowly('tidemark:performance_drop:latest'),
      is: '>',
      threshold: 0,
      forMinutes: 5,
      summary: '{{ $labels.model }}: labels confirm that its errors have grown',
      description:
        'The loss on labelled rows is above that on held-out rows by more than chance and more than the policy allows, in m of the last n windows.',
      impact: 'Predictions are measurably worse than promised when the version was promoted.',
      firstSteps: [
        'open the report: is it the whole traffic or one segment',
        'check that the labels are right: a broken label feed looks exactly like this',
        'follow the retrain run; until it ends, pause batch inference or roll back: POST /models/{model}/pause, /rollback',
      ],
      falseAlarm:
        'Labels that come early are the easy or the hard cases: the report says "labels not representative".',
      closes: 'A window in which the loss is in line, or a new version.',
    },
    {
      name: 'DriftReportStale',
      severity: 'warning',
      category: 'pipeline',
      signal: 'tidemark:report_age_seconds',
      is: '>',
      threshold: { name: 'report_age_seconds', fallback: 43_200 },
      forMinutes: 0,
      summary: '{{ $labels.model }}: no drift report for {{ humanizeDuration $value }}',
      description:
        'The newest judged window ended longer ago than the model may be without a report: two windows and the time it takes to judge one (12 hours where the policy is not known).',
      impact: 'Nobody is watching this model: drift would not be noticed.',
      firstSteps: [
        'is there traffic? A model that is not asked fills no window',
        'read the log of the functions tick and monitor for this model',
        'judge the window by hand: POST /models/{model}/monitor',
      ],
      falseAlarm: 'A model that is asked once a day: give it longer windows by its policy.',
      closes: 'The next report.',
    },
  ],
};
