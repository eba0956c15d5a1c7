/** A panel as Grafana's classic JSON: what all kinds have, and what each kind adds. */
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  StackingConfigBuilder,
  StackingMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  type DynamicConfigValue,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Heatmap } from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as StatusHistory } from '@grafana/grafana-foundation-sdk/statushistory';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Limits, Link, Mappings, Panel, Query } from './panel.ts';
import { modelConsole, modelReports } from './places.ts';

/** The variable, so that the same file works over any Prometheus. */
export const datasource = { type: 'prometheus', uid: `\${datasource}` } as const;

export interface Place {
  readonly id: number;
  readonly x: number;
  readonly y: number;
}

type AnyPanel = BarGauge | Heatmap | Stat | StateTimeline | StatusHistory | Table | TimeSeries;

export function renderPanel(panel: Panel, { id, x, y }: Place): AnyPanel {
  const { title, unit, width, height, noValue, limits = [], mappings, decimals, min, max } = panel;
  const made = builderOf(panel);
  made
    .id(id)
    .title(title)
    .description(descriptionOf(panel))
    .datasource({ ...datasource })
    .gridPos({ x, y, w: width, h: height })
    .unit(unit)
    .noValue(noValue)
    .thresholds(thresholdsOf(limits))
    .links((panel.links ?? [modelConsole, modelReports]).map(renderLink))
    .targets(panel.queries.map((query, at) => targetOf(panel, query, at)));
  if (mappings) made.mappings(mappingsOf(mappings));
  if (decimals !== undefined) made.decimals(decimals);
  if (min !== undefined) made.min(min);
  if (max !== undefined) made.max(max);
  if (panel.dataLinks) made.dataLinks(panel.dataLinks.map(renderLink));
  return made;
}

/** The page is named in words too: an address of the repository is not one of the web. */
const descriptionOf = ({ description, runbook }: Panel) =>
  runbook === undefined ? description : `${description} Runbook: docs/runbooks/${runbook}.md`;

function builderOf(panel: Panel): AnyPanel {
  const newestOnly = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
  switch (panel.kind) {
    case 'stat':
      return new Stat()
        .reduceOptions(newestOnly())
        .graphMode(BigValueGraphMode.None)
        .colorMode(BigValueColorMode.Background)
        .textMode(panel.showsName ? BigValueTextMode.Name : BigValueTextMode.Auto);
    case 'bargauge':
      return new BarGauge().reduceOptions(newestOnly()).orientation(VizOrientation.Horizontal);
    case 'timeseries':
      return timeSeriesOf(panel);
    case 'table':
      return tableOf(panel);
    case 'state-timeline':
      return new StateTimeline().mergeValues(true);
    case 'status-history':
      return new StatusHistory();
    case 'heatmap':
      return new Heatmap().calculate(false);
  }
}

function timeSeriesOf({ limits, isStacked, isLog }: Panel): TimeSeries {
  const made = new TimeSeries().lineWidth(2).spanNulls(true);
  if (limits)
    made.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  if (isStacked) made.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)).fillOpacity(40);
  if (isLog) made.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
  return made;
}

/** One column a query, joined by the labels they have in common. */
function tableOf({ queries }: Panel): Table {
  const columnOf = (at: number) => (queries.length === 1 ? 'Value' : `Value #${refOf(at)}`);
  const names = Object.fromEntries(queries.map(({ legend }, at) => [columnOf(at), legend]));
  const made = new Table().transformations([
    { id: 'merge', options: {} },
    { id: 'organize', options: { excludeByName: { Time: true }, renameByName: names } },
  ]);
  for (const { legend, unit, limits, mappings } of queries) {
    const properties: DynamicConfigValue[] = [
      ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
      ...(limits ? [{ id: 'thresholds', value: thresholdsOf(limits).build() }] : []),
      ...(mappings ? [{ id: 'mappings', value: mappingsOf(mappings) }] : []),
      ...(limits || mappings ? [{ id: 'custom.cellOptions', value: { type: 'color-text' } }] : []),
    ];
    if (properties.length > 0) made.overrideByName(legend, properties);
  }
  return made;
}

const refOf = (at: number) => String.fromCharCode(65 + at);

function targetOf(panel: Panel, { expr, legend, isInstant, minStep }: Query, at: number): Builder<Dataquery> {
  const format =
    panel.kind === 'table'
      ? PromQueryFormat.Table
      : panel.kind === 'heatmap'
        ? PromQueryFormat.Heatmap
        : PromQueryFormat.TimeSeries;
  const made = new DataqueryBuilder()
    .datasource({ ...datasource })
    .refId(refOf(at))
    .expr(expr)
    .legendFormat(legend)
    .format(format);
  if (minStep) made.interval(minStep);
  if (isInstant || panel.kind === 'table') made.instant();
  else made.range();
  return made;
}

const thresholdsOf = (limits: Limits) =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: 'green' }, ...limits.map(([value, color]) => ({ value, color }))]);

function mappingsOf(mappings: Mappings): ValueMapping[] {
  const options = Object.entries(mappings).map(([value, [text, color]], index) => [
    value,
    { text, color, index },
  ]);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}

export const renderLink = ({ title, url }: Link) =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(true);
