/** The dashboard of one model: health, drift, data quality, API and model, pipeline. */
import { driftRow } from './model-drift.ts';
import { healthRow } from './model-health.ts';
import { pipelineRow } from './model-pipeline.ts';
import { qualityRow } from './model-quality.ts';
import { servingRow } from './model-serving.ts';
import { type Annotation, type Dashboard, newest, ofThisModel } from './panel.ts';
import { modelConsole, modelReports, modelRetrain, modelUid } from './places.ts';

/** A version in a label never changes, a time does: marked where it says, and once. */
const at = (name: string, metric: string, colour: Annotation['colour'], title: string): Annotation => ({
  name,
  expr: `${newest(ofThisModel(metric))} * 1000`,
  colour,
  title,
  isTime: true,
});

export const modelDashboard: Dashboard = {
  uid: modelUid,
  title: 'Tidemark / Model',
  description:
    'One model: does it need a person, what drifted, are its data sound, what do callers get, is it being repaired.',
  variables: ['model', 'feature'],
  from: 'now-7d',
  links: [modelConsole, modelReports, modelRetrain],
  annotations: [
    at('Deployments', 'tidemark_model_deployed_timestamp_seconds', 'green', 'a version began to serve'),
    at('Retraining began', 'tidemark_retrain_started_timestamp_seconds', 'blue', 'a retrain run began'),
    at(
      'Retraining ended',
      'tidemark_retrain_finished_timestamp_seconds',
      'blue',
      'a retrain run ended: {{outcome}}',
    ),
    {
      name: 'Critical alerts',
      expr: 'ALERTS{alertstate="firing",severity="critical",env="$env",model="$model"}',
      colour: 'red',
      title: '{{alertname}}',
    },
  ],
  rows: [healthRow, driftRow, qualityRow, servingRow, pipelineRow],
};
