/** Grafana's schema of a classic dashboard: the types of its SDK as JSON has them, with each kind of panel's own options and columns. */
import type { Options as BarGaugeOptions } from '@grafana/grafana-foundation-sdk/bargauge';
import type {
  Dashboard,
  DynamicConfigValue,
  FieldConfig,
  FieldConfigSource,
  Panel,
  RowPanel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type {
  FieldConfig as HeatmapField,
  Options as HeatmapOptions,
} from '@grafana/grafana-foundation-sdk/heatmap';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as StatOptions } from '@grafana/grafana-foundation-sdk/stat';
import type {
  FieldConfig as TimelineField,
  Options as TimelineOptions,
} from '@grafana/grafana-foundation-sdk/statetimeline';
import type {
  FieldConfig as HistoryField,
  Options as HistoryOptions,
} from '@grafana/grafana-foundation-sdk/statushistory';
import type {
  FieldConfig as TableField,
  Options as TableOptions,
} from '@grafana/grafana-foundation-sdk/table';
import type {
  FieldConfig as SeriesField,
  Options as SeriesOptions,
} from '@grafana/grafana-foundation-sdk/timeseries';

/** Of the SDK's own making, and in no JSON. */
type Marker = '_implementsDataqueryVariant';

/** As JSON has it: a value of an enum is its text or number. */
type Plain<T> = 0 extends 1 & T
  ? unknown
  : T extends string
    ? `${T}`
    : T extends number
      ? `${T}` extends `${infer N extends number}`
        ? N
        : never
      : T extends readonly (infer Item)[]
        ? Plain<Item>[]
        : T extends object
          ? { [K in keyof T as K extends Marker ? never : K]: Plain<T[K]> }
          : T;

/** What an override may set: a property of the field, or one that its kind of panel adds. */
type Override<Field> =
  | { [K in keyof FieldConfig & string]-?: { id: K; value: Plain<FieldConfig[K]> } }[Exclude<
      keyof FieldConfig,
      'custom'
    > &
      string]
  | { [K in keyof Field & string]-?: { id: `custom.${K}`; value: Plain<Field[K]> } }[keyof Field & string];

type PanelOf<Kind, Options, Field> = Omit<
  Plain<Omit<Panel, 'targets'>>,
  'type' | 'options' | 'fieldConfig'
> & {
  type: Kind;
  options: Plain<Options>;
  targets: Plain<Dataquery>[];
  fieldConfig: Omit<Plain<FieldConfigSource>, 'defaults' | 'overrides'> & {
    defaults: Omit<Plain<FieldConfig>, 'custom'> & { custom?: Plain<Field> };
    overrides: (Omit<Plain<FieldConfigSource['overrides'][number]>, 'properties'> & {
      properties: (Override<Field> & Plain<Omit<DynamicConfigValue, 'id' | 'value'>>)[];
    })[];
  };
};

type NoField = Record<never, never>;

/** One line a kind of panel; a kind that is not here is refused. */
type KnownPanel =
  | PanelOf<'bargauge', BarGaugeOptions, NoField>
  | PanelOf<'heatmap', HeatmapOptions, HeatmapField>
  | PanelOf<'stat', StatOptions, NoField>
  | PanelOf<'state-timeline', TimelineOptions, TimelineField>
  | PanelOf<'status-history', HistoryOptions, HistoryField>
  | PanelOf<'table', TableOptions, TableField>
  | PanelOf<'timeseries', SeriesOptions, SeriesField>;

export type GrafanaDashboard = Plain<Omit<Dashboard, 'panels'>> & {
  panels: (KnownPanel | Plain<RowPanel>)[];
};
