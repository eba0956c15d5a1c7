/** Last row of the model dashboard: retraining, how far it is and what came of it; and the alerts that are open. */
import { newest, ofThisModel, type Row, yesNo } from './panel.ts';
import { modelConsole, modelReports, modelRetrain } from './places.ts';

const links = [modelRetrain, modelConsole, modelReports];
const small = { kind: 'stat', width: 4, height: 4, links } as const;

export const pipelineRow: Row = {
  title: 'Pipeline',
  panels: [
    {
      ...small,
      title: 'Retraining now',
      description: 'Whether a run holds the model’s lease. Retrain … leads to a page that asks first.',
      unit: 'none',
      queries: [{ expr: ofThisModel('tidemark_retrain_in_progress'), legend: 'running' }],
      mappings: yesNo('blue', 'green'),
      noValue: 'model unknown',
      runbook: 'retrain-stuck',
    },
    {
      ...small,
      title: 'Cooldown left',
      description:
        'How long no run is started by itself after the last promotion or rejection; a person may start one.',
      unit: 's',
      queries: [{ expr: ofThisModel('tidemark_retrain_cooldown_remaining_seconds'), legend: 'left' }],
      noValue: 'model unknown',
      runbook: 'retrain-rejected',
    },
    {
      ...small,
      title: 'Newest run began',
      description: 'Start of the run under way, or of the newest ended one.',
      unit: 'dateTimeFromNow',
      queries: [
        {
          expr: `${newest(ofThisModel('tidemark_retrain_started_timestamp_seconds'))} * 1000`,
          legend: 'began',
        },
      ],
      noValue: 'no run yet',
      runbook: 'retrain-stuck',
    },
    {
      ...small,
      title: 'Newest run ended',
      description:
        'When the newest ended run ended, and how: promoted, rejected, failed or waiting for a person.',
      unit: 'dateTimeFromNow',
      queries: [
        {
          expr: `${newest(ofThisModel('tidemark_retrain_finished_timestamp_seconds'))} * 1000`,
          legend: '{{outcome}}',
        },
      ],
      noValue: 'no run yet',
      runbook: 'retrain-failed',
    },
    {
      ...small,
      title: 'Took',
      description: 'How long the newest ended run took.',
      unit: 's',
      queries: [
        { expr: newest(ofThisModel('tidemark_pipeline_run_duration_seconds')), legend: '{{pipeline}}' },
      ],
      noValue: 'no run yet',
      runbook: 'retrain-stuck',
    },
    {
      ...small,
      title: 'Running for',
      description: 'Age of the run under way that does not wait for a person; an alert after two hours.',
      unit: 's',
      queries: [{ expr: ofThisModel('tidemark:retrain_running_seconds'), legend: 'running for' }],
      limits: [[7200, 'orange']],
      noValue: 'none is under way',
      runbook: 'retrain-stuck',
    },
    {
      kind: 'state-timeline',
      width: 12,
      height: 8,
      title: 'Steps of the run',
      description: 'The step a run is in, minute by minute. Approve waits for a person.',
      unit: 'none',
      queries: [{ expr: ofThisModel('tidemark_retrain_stage'), legend: '{{stage}}' }],
      mappings: { '1': ['here', 'blue'] },
      noValue: 'no run in this time',
      runbook: 'approval-waiting',
      links,
    },
    {
      kind: 'table',
      width: 12,
      height: 8,
      title: 'Ended runs',
      description: 'Runs since the model was registered, by what started them and how they ended.',
      unit: 'none',
      queries: [
        {
          expr: `sum by (trigger, outcome) (${newest(ofThisModel('tidemark_retrain_runs_total'))}) > 0`,
          legend: 'runs',
        },
      ],
      noValue: 'no run yet',
      runbook: 'retrain-rejected',
      links,
    },
    {
      kind: 'table',
      width: 24,
      height: 7,
      title: 'Alerts that fire',
      description:
        'Open alerts of this model. Each has a page in docs/runbooks, named after it; acknowledge them on the console.',
      unit: 'none',
      queries: [
        {
          expr: `max by (alertname, severity, category) (${'ALERTS{alertstate="firing",env="$env",model="$model"}'})`,
          legend: 'firing',
        },
      ],
      noValue: 'nothing fires',
      runbook: 'README',
      links,
    },
  ],
};
