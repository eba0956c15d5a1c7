/** Alerts on retraining, runs that fail, find nothing better or do not end, and on batches that are paused. */
import { type AlertGroup, slowly } from './alert.ts';
import { slowLatest } from './latest.ts';

const endedRuns = (outcome: string) =>
  `sum by (model, env) (increase(tidemark_retrain_runs_total{outcome="${outcome}"}[1h]))`;

/** While it is open, batches are answered 503 on purpose: routes hold back the alert on errors of the same model. */
export const batchPaused = 'BatchPaused';

/** Counters start at the first sample they have: a run that ended counts from the one before it. */
export const pipelineAlerts: AlertGroup = {
  name: 'tidemark-pipeline',
  recordings: [
    { record: 'tidemark:retrain_failed:increase1h', expr: endedRuns('failed') },
    { record: 'tidemark:retrain_rejected:increase1h', expr: endedRuns('rejected') },
    slowLatest('retrain_started_timestamp_seconds', '25h'),
    {
      record: 'tidemark:retrain_waiting',
      expr: 'max by (model, env) (tidemark_retrain_stage{stage="Approve"})',
    },
    {
      // a run that waits for a person may do so for days, and has an alert of its own
      record: 'tidemark:retrain_running_seconds',
      expr: `((time() - ${slowly('tidemark:retrain_started_timestamp_seconds:latest')}) and on (model, env) (max by (model, env) (tidemark_retrain_in_progress) == 1)) unless on (model, env) tidemark:retrain_waiting`,
    },
  ],
  alerts: [
    {
      name: 'RetrainFailed',
      severity: 'warning',
      category: 'pipeline',
      signal: 'tidemark:retrain_failed:increase1h',
      is: '>',
      threshold: 0.5,
      forMinutes: 0,
      summary: '{{ $labels.model }}: a retrain run failed',
      description: 'A run ended with an error in the last hour. The model serves on as it was.',
      impact: 'None at once; whatever asked for the run is not answered, and drift goes on doing harm.',
      firstSteps: [
        'GET /models/{model}/runs: the newest run, its failed step and the error',
        'repair what it names (source, memory, labels); the lease is free, the cooldown has not begun',
        'start it again: POST /models/{model}/retrain',
      ],
      falseAlarm: 'A run that was stopped by hand.',
      closes: 'An hour without a failed run.',
    },
    {
      name: 'RetrainRejected',
      severity: 'warning',
      category: 'pipeline',
      signal: 'tidemark:retrain_rejected:increase1h',
      is: '>',
      threshold: 0.5,
      forMinutes: 0,
      summary: '{{ $labels.model }}: retraining found nothing provably better, the old version stays',
      description: 'A run trained a candidate in the last hour that did not pass the gates.',
      impact:
        'The model stays as it is, under the drift that asked for the run; further runs back off from 12 hours to 7 days.',
      firstSteps: [
        'GET /models/{model}/runs: the gate that failed and its numbers',
        'are there enough labels from after the change? Without them no candidate can be better for certain',
        'when the labels are noise or late: repair the feed, then POST /models/{model}/retrain with force',
      ],
      falseAlarm: 'A weekly run on a model that is fine: a rejection is the right answer then.',
      closes: 'An hour without a rejection.',
    },
    {
      name: 'RetrainStuck',
      severity: 'warning',
      category: 'pipeline',
      signal: 'tidemark:retrain_running_seconds',
      is: '>',
      threshold: 7200,
      forMinutes: 5,
      summary: '{{ $labels.model }}: a retrain run is under way for {{ humanizeDuration $value }}',
      description:
        'One run holds the lease of the model for more than two hours and does not wait for a person.',
      impact: 'No other run of this model starts meanwhile.',
      firstSteps: [
        'GET /models/{model}/runs: which step, since when',
        'is the function or the training job of that step alive? Read its log',
        'stop the execution in Step Functions: the lease is taken over by the next run',
      ],
      falseAlarm: 'A large model in the training container: two hours may be what it takes.',
      closes: 'The run ends.',
    },
    {
      name: 'ApprovalWaiting',
      severity: 'warning',
      category: 'pipeline',
      signal: 'tidemark:retrain_waiting',
      is: '>',
      threshold: 0,
      forMinutes: 60,
      summary: '{{ $labels.model }}: a better version waits for a person',
      description:
        'A candidate passed the gates an hour ago or longer, and the policy of the model asks a person to promote it.',
      impact:
        'The old version serves on under the drift that asked for the run; after 14 days the candidate lapses.',
      firstSteps: [
        'GET /approvals: what the gates saw, and why it waits',
        'open the report of the window that started the run',
        'approve or reject it with a reason: POST /approvals/{id}',
      ],
      falseAlarm: 'None: somebody has to decide, or set auto_promote.',
      closes: 'The decision, or the end of the wait.',
    },
    {
      name: batchPaused,
      severity: 'warning',
      // about what we did, so that nothing critical of the model hides why its batches fail
      category: 'pipeline',
      signal: 'max by (model, env) (last_over_time(tidemark_batch_paused[15m]))',
      is: '>',
      threshold: 0,
      forMinutes: 0,
      summary: '{{ $labels.model }}: batch predictions are paused, every batch is answered 503',
      description:
        'A person, or the floor of the model’s policy (pause_below_accuracy), paused batches. Single predictions go on. ErrorRateHigh of this model waits meanwhile: refused batches count as failed.',
      impact: 'Nightly and other batch callers get no predictions until a person resumes them.',
      firstSteps: [
        'GET /models/{model}: who paused it, since when and why; ask that person before anything else',
        'when it was the floor of the policy: open the report, then retrain or roll back, and see that the next window is above the floor',
        'resume: POST /models/{model}/resume with a reason, or the button on the model’s console page; then tell those whose batches were refused',
      ],
      falseAlarm: 'A pause that was announced: acknowledge the alert with who asked for it.',
      closes: 'Somebody resumes batches.',
    },
  ],
};
