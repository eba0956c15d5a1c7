/** What a panel is: one value per panel, from which Grafana's JSON and its checks are made. */
import { JS_AT_CRITICAL, JS_AT_WARNING } from '#shared/verdict/judge-features.ts';

export type Colour = 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'text';

export interface Query {
  /** PromQL; may use the variables of its dashboard. */
  readonly expr: string;
  /** Legend of its series, by labels as `{{feature}}`; of a table, the name of its column. */
  readonly legend: string;
  /** The newest value only. A table's always are. */
  readonly isInstant?: true;
  /** Shortest step, for counters that are sent every four minutes: `$__rate_interval` is at least four of these. */
  readonly minStep?: '4m';
  /** Of a table's column, where it is not the panel's. */
  readonly unit?: string;
  readonly limits?: Limits;
  readonly mappings?: Mappings;
}

/** Colour from a value on, ascending; green below the first. */
export type Limits = readonly (readonly [value: number, colour: Colour])[];

/** Words and a colour for a value. */
export type Mappings = Readonly<Record<string, readonly [text: string, colour: Colour]>>;

/** Where a person goes from a panel; the address may use variables and, in a data link, fields of the row clicked. */
export interface Link {
  readonly title: string;
  readonly url: string;
}

export interface Panel {
  readonly kind:
    | 'stat'
    | 'timeseries'
    | 'bargauge'
    | 'table'
    | 'state-timeline'
    | 'status-history'
    | 'heatmap';
  readonly title: string;
  /** What it shows, what is bad, and what follows; ends without the runbook, which {@link runbook} names. */
  readonly description: string;
  /** Grafana's id of the unit: `percentunit`, `s`, `short`. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  /** Rows of 30 pixels. */
  readonly height: number;
  readonly queries: readonly Query[];
  /** What is shown where there is no data: what that means. */
  readonly noValue: string;
  readonly decimals?: number;
  readonly limits?: Limits;
  readonly mappings?: Mappings;
  /** Alert whose runbook explains it, kebab-case. */
  readonly runbook?: string;
  /** Instead of the model's console page and reports. */
  readonly links?: readonly Link[];
  /** On each value, row or series. */
  readonly dataLinks?: readonly Link[];
  readonly min?: number;
  readonly max?: number;
  readonly isStacked?: true;
  /** A logarithmic axis: for what is small and matters. */
  readonly isLog?: true;
  /** The legend is the message: of a stat, a version or an outcome. */
  readonly showsName?: true;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Annotation {
  readonly name: string;
  readonly expr: string;
  readonly colour: Colour;
  readonly title: string;
  /** The value is when it was, Unix milliseconds; else it is marked while the value is 1. */
  readonly isTime?: true;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** The variables it has beside `datasource` and `env`. */
  readonly variables: readonly ('model' | 'feature')[];
  readonly from: string;
  readonly links: readonly Link[];
  readonly annotations: readonly Annotation[];
  readonly rows: readonly Row[];
}

/** Limits as the default policy has them; panels with figures per model also draw the model's own. */
export const psiLimits: Limits = [
  [0.15, 'orange'],
  [0.3, 'red'],
];
/** What goes with them. */
export const jsLimits: Limits = [
  [JS_AT_WARNING, 'orange'],
  [JS_AT_CRITICAL, 'red'],
];
export const levelMappings: Mappings = {
  '-1': ['too little data', 'text'],
  '0': ['stable', 'green'],
  '1': ['shifted', 'yellow'],
  '2': ['warning', 'orange'],
  '3': ['critical', 'red'],
};
export const yesNo = (yes: Colour, no: Colour): Mappings => ({ '0': ['no', no], '1': ['yes', yes] });
export const anyIs = (colour: Colour): Limits => [[1, colour]];
/** Half a day without a report is a finding where the policy says nothing else. */
export const reportAgeLimits: Limits = [[43_200, 'red']];
/** Half an hour behind is as long as capture may be. */
export const captureLagLimits: Limits = [[1800, 'red']];

const ofModel = 'env="$env",model="$model"';

/** A selector of the model chosen: `ofThisModel('tidemark_model_loaded')`. */
export const ofThisModel = (metric: string, more = '') =>
  `${metric}{${ofModel}${more === '' ? '' : `,${more}`}}`;

/** The newest value of a metric that is sent on change and every half hour: an instant would have forgotten it. */
export const newest = (selector: string) => `last_over_time(${selector}[1h])`;
