/** Where panels lead to: addresses with the variables that Grafana fills in. The variable `console` is the base of the deployment's own pages. */
import type { Link } from './panel.ts';

const encoded = (name: string) => `\${${name}:percentencode}`;
const consoleOf = (model: string) => `\${console:raw}/console/models/${model}`;

export const modelConsole: Link = { title: 'Console page of the model', url: consoleOf(encoded('model')) };
export const modelReports: Link = {
  title: 'Newest report',
  url: `${consoleOf(encoded('model'))}/reports/latest`,
};
/** A page that asks, and does nothing by itself; it notes where the person came from. */
export const modelRetrain: Link = {
  title: 'Retrain …',
  url: `${consoleOf(encoded('model'))}/retrain?from=grafana`,
};
/** As {@link modelRetrain}, from a series with the label `feature`, which is noted too. */
export const retrainForFeature: Link = {
  title: 'Retrain …',
  url: `${modelRetrain.url}&feature=\${__field.labels.feature}`,
};
/** As {@link retrainForFeature}, from a row of a table. */
export const rowRetrainForFeature: Link = {
  title: 'Retrain …',
  url: `${modelRetrain.url}&feature=\${__data.fields.feature}`,
};
export const consoleHome: Link = { title: 'Console', url: `\${console:raw}/console` };

export const modelUid = 'tidemark-model';

/** From a row or series with the label `model` to its dashboard, over the same time. */
export const toModel: Link = {
  title: 'Dashboard of this model',
  url: `/d/${modelUid}?var-model=\${__field.labels.model}&\${env:queryparam}&\${__url_time_range}`,
};

/** As {@link toModel}, from a row of a table. */
export const rowToModel: Link = {
  title: 'Dashboard of this model',
  url: `/d/${modelUid}?var-model=\${__data.fields.model}&\${env:queryparam}&\${__url_time_range}`,
};

export const toFeature: Link = {
  title: 'This feature alone',
  url: `/d/${modelUid}?\${env:queryparam}&\${model:queryparam}&var-feature=\${__field.labels.feature}&\${__url_time_range}`,
};

/** As {@link toFeature}, from a row of a table. */
export const rowToFeature: Link = {
  title: 'This feature alone',
  url: `/d/${modelUid}?\${env:queryparam}&\${model:queryparam}&var-feature=\${__data.fields.feature}&\${__url_time_range}`,
};
