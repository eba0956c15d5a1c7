/** A dashboard as Grafana's classic JSON, which every version since 10 loads. The same input gives the same text. */
import {
  AnnotationQueryBuilder,
  ConstantVariableBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  type Dashboard as DashboardJson,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { localLinks } from '../alerts/links.ts';
import type { Annotation, Dashboard, Row } from './panel.ts';
import { datasource, renderLink, renderPanel } from './render-panel.ts';

/** Of the data source, in compose and in Managed Grafana. */
const datasourceUid = 'tidemark-prometheus';
const tag = 'tidemark';

export function renderDashboard(dashboard: Dashboard): DashboardJson {
  const { uid, title, description, from, links, annotations, rows } = dashboard;
  const made = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([tag])
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('1m')
    .time({ from, to: 'now' })
    .variables(variablesOf(dashboard))
    .annotations(annotations.map(annotationOf))
    .links([
      new DashboardLinkBuilder('Dashboards')
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .includeVars(true)
        .keepTime(true),
      ...links.map(renderLink),
    ]);
  let y = 0;
  rows.forEach((row, at) => {
    y = addRow(made, row, 100 * (at + 1), y);
  });
  return made.build();
}

/** Left to right, a new line where the 24 columns are full. Answers where the next row begins. */
function addRow(made: DashboardBuilder, { title, panels }: Row, id: number, top: number): number {
  made.withRow(new RowBuilder(title).id(id).gridPos({ x: 0, y: top, w: 24, h: 1 }));
  let [x, y, line] = [0, top + 1, 0];
  panels.forEach((panel, at) => {
    if (x + panel.width > 24) [x, y, line] = [0, y + line, 0];
    made.withPanel(renderPanel(panel, { id: id + at + 1, x, y }));
    x += panel.width;
    line = Math.max(line, panel.height);
  });
  return y + line;
}

function variablesOf({ variables }: Dashboard) {
  const query = (name: string, label: string, promql: string) =>
    new QueryVariableBuilder(name)
      .label(label)
      .datasource({ ...datasource })
      .query(promql)
      .definition(promql)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc);
  return [
    new DatasourceVariableBuilder('datasource')
      .label('Data source')
      .type(datasource.type)
      .current({ selected: true, text: 'Prometheus', value: datasourceUid }),
    query('env', 'Environment', 'label_values(tidemark_publisher_heartbeat_timestamp_seconds, env)'),
    ...(variables.includes('model')
      ? [query('model', 'Model', 'label_values(tidemark_model_loaded{env="$env"}, model)')]
      : []),
    ...(variables.includes('feature')
      ? [
          query(
            'feature',
            'Feature',
            'label_values(tidemark_feature_psi{env="$env",model="$model"}, feature)',
          )
            .multi(true)
            .includeAll(true)
            .allValue('.*')
            .current({ selected: true, text: ['All'], value: ['$__all'] }),
        ]
      : []),
    // constants are hidden by nature
    new ConstantVariableBuilder('console').description('base of links').value(localLinks.url),
  ];
}

function annotationOf({ name, expr, colour, title, isTime }: Annotation) {
  const made = new AnnotationQueryBuilder()
    .name(name)
    .datasource({ ...datasource })
    .enable(true)
    .iconColor(colour)
    .expr(expr)
    .step('60s')
    .titleFormat(title);
  if (isTime) made.useValueForTime(true);
  return made;
}
