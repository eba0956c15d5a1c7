/** A committed dashboard as a workspace is to have it: over the kind of data source it has, with links to the deployment's own pages. */
import type { Json, JsonObject } from '../json.ts';

export interface DashboardTarget {
  /** Type of the data source. */
  readonly type: string;
  /** Where people reach the console and the API, without a slash at its end. */
  readonly consoleUrl: string;
  /** Where runbooks are read; those that are no address of the web are named in words only. */
  readonly runbooksUrl: string;
}

/** What dashboards are made for: any Prometheus. */
const plainType = 'prometheus';

/**
 * @param dashboard of `observability/dashboards/json`
 * @example adaptDashboard(model, {type: 'prometheus', consoleUrl: 'https://ml.example.com', runbooksUrl: 'docs/runbooks'})
 */
export function adaptDashboard(dashboard: JsonObject, target: DashboardTarget): JsonObject {
  const { templating, panels } = dashboard as unknown as {
    readonly templating: { readonly list: readonly JsonObject[] };
    readonly panels: readonly JsonObject[];
  };
  const variable = (one: JsonObject): JsonObject => {
    if (one.type === 'datasource') return { ...one, query: target.type };
    return one.name === 'console' ? { ...one, query: target.consoleUrl } : one;
  };
  const adapted = {
    ...dashboard,
    templating: { ...templating, list: templating.list.map(variable) },
    panels: panels.map((panel) => withRunbook(panel, target)),
  };
  return withType(adapted, target.type) as JsonObject;
}

function withRunbook(panel: JsonObject, { runbooksUrl }: DashboardTarget): JsonObject {
  const [, page] = /Runbook: docs\/runbooks\/([a-zA-Z0-9-]+\.md)$/.exec(String(panel.description)) ?? [];
  if (page === undefined || !/^https?:\/\//.test(runbooksUrl)) return panel;
  const link = { type: 'link', title: 'Runbook', url: `${runbooksUrl}/${page}`, targetBlank: true };
  return { ...panel, links: [...((panel.links as readonly Json[] | undefined) ?? []), link] };
}

/** Of every reference to the chosen data source. */
function withType(value: Json | undefined, type: string): Json | undefined {
  if (Array.isArray(value)) return value.map((one) => withType(one, type) ?? null);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as JsonObject).map(([key, one]) => [key, withType(one, type)]);
  const copy = Object.fromEntries(entries) as JsonObject;
  return copy.type === plainType && copy.uid !== undefined ? { ...copy, type } : copy;
}
