/** What every dashboard must be: complete, readable without data, and about metrics that exist. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogue } from '#shared/metrics/catalogue.ts';
import type { Metric } from '#shared/metrics/metric.ts';
import { alertGroups } from '../alerts/registry.ts';
import { exprOf } from '../alerts/render-rules.ts';
import { dashboardFiles, dashboards } from './generated.ts';

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly interval?: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly targets: readonly Target[];
  readonly links: readonly { readonly url: string }[];
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string;
      readonly noValue: string;
      readonly links?: readonly { readonly url: string }[];
      readonly thresholds: { readonly steps: readonly { readonly value: number | null }[] };
    };
  };
}

interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly time: { readonly from: string };
  readonly refresh: string;
  readonly links: readonly { readonly url?: string }[];
  readonly panels: readonly PanelJson[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: unknown;
      readonly refresh?: number;
    }[];
  };
}

const root = new URL('../../', import.meta.url);
const rendered = [...dashboardFiles.values()].map((text) => JSON.parse(text) as DashboardJson);
const panelsOf = ({ panels }: DashboardJson) => panels.filter(({ type }) => type !== 'row');
const allPanels = rendered.flatMap((dashboard) =>
  panelsOf(dashboard).map((panel) => ({ name: `${dashboard.title}: ${panel.title}`, dashboard, panel })),
);
const expressions = rendered.flatMap((dashboard) => [
  ...panelsOf(dashboard).flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.annotations.list.map(({ expr }) => expr),
  ...dashboard.templating.list.flatMap(({ type, query }) => (type === 'query' ? [String(query)] : [])),
]);

const published: ReadonlyMap<string, Metric> = new Map(
  catalogue.flatMap((metric): [string, Metric][] => {
    const parts = metric.kind === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    return parts.map((part) => [`${metric.name}${part}`, metric]);
  }),
);
const recorded = new Set(alertGroups.flatMap(({ recordings }) => recordings.map(({ record }) => record)));
const metricsIn = (expr: string) => expr.match(/\btidemark_[a-z0-9_]+/g) ?? [];

describe('the files of the dashboards', () => {
  test.each([...dashboardFiles.keys()])('%s is what the code says (UPDATE=1 rewrites it)', (path) => {
    const file = new URL(path, root);
    const text = dashboardFiles.get(path)!;
    if (process.env.UPDATE === '1') {
      mkdirSync(dirname(file.pathname), { recursive: true });
      writeFileSync(file, text);
    }
    expect(existsSync(file) && readFileSync(file, 'utf8') === text).toBe(true);
  });

  test('no file is left of a dashboard that is gone', () => {
    const folder = new URL('observability/dashboards/json/', root);
    expect(
      readdirSync(folder)
        .map((name) => `observability/dashboards/json/${name}`)
        .sort(),
    ).toEqual([...dashboardFiles.keys()].sort());
  });
});

describe('every dashboard', () => {
  test('has an address, a tag, a time and links of its own', () => {
    expect(new Set(rendered.map(({ uid }) => uid)).size).toBe(3);
    for (const { uid, tags, time, refresh, links } of rendered) {
      expect(uid).toMatch(/^tidemark-[a-z]+$/);
      expect(tags).toEqual(['tidemark']);
      expect([time.from, refresh]).toEqual([expect.stringMatching(/^now-/), '1m']);
      expect(links.length).toBeGreaterThanOrEqual(2);
    }
  });

  test('has no panel over another, none beyond the 24 columns, and no number twice', () => {
    for (const { panels, title } of rendered) {
      expect(new Set(panels.map(({ id }) => id)).size, title).toBe(panels.length);
      const taken = new Set<string>();
      for (const { gridPos, title: panel } of panels) {
        expect(gridPos.x + gridPos.w, panel).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x} ${y}`), `${title}: ${panel} at ${x} ${y}`).toBe(false);
            taken.add(`${x} ${y}`);
          }
      }
    }
  });

  test('reads its variables again when the time changes, and uses no other', () => {
    for (const { templating, title, panels, annotations, links } of rendered) {
      const names = templating.list.map(({ name }) => name);
      for (const { type, refresh } of templating.list) if (type === 'query') expect(refresh).toBe(2);
      const text = JSON.stringify([panels, annotations, links]);
      const used = [...text.matchAll(/\$\{?([a-z]+)\b/g)].map(([, name]) => name!);
      expect(
        [...new Set(used)].filter((name) => !names.includes(name)),
        title,
      ).toEqual([]);
    }
  });

  test('marks deployments, retraining and critical alerts where they belong', () => {
    const [model, fleet] = rendered;
    expect(model!.annotations.list.map(({ name }) => name)).toEqual([
      'Deployments',
      'Retraining began',
      'Retraining ended',
      'Critical alerts',
    ]);
    expect(fleet!.annotations.list.map(({ name }) => name)).toEqual(['Critical alerts']);
  });

  test('of one model has 26 panels or more, in the five rows that were asked for', () => {
    const [model] = rendered;
    expect(panelsOf(model!).length).toBeGreaterThanOrEqual(26);
    expect(model!.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Health',
      'Drift',
      'Data quality',
      'API and model',
      'Pipeline',
    ]);
  });
});

describe('every panel', () => {
  test('says what it shows, in which unit, what no data mean, and leads somewhere', () => {
    for (const { name, panel } of allPanels) {
      const { unit, noValue } = panel.fieldConfig.defaults;
      expect(panel.description.length, name).toBeGreaterThan(30);
      expect(panel.description, name).toMatch(/\.(md)?$/);
      expect(unit, name).toMatch(/^[a-zA-Z]+$/);
      expect(noValue.length, name).toBeGreaterThan(1);
      expect(panel.links.length, name).toBeGreaterThan(0);
      for (const { url } of [...panel.links, ...(panel.fieldConfig.defaults.links ?? [])])
        expect(url, name).toMatch(/^(\$\{console:raw\}\/|\/d\/tidemark-model\?)/);
    }
  });

  test('that names a runbook names one that there is', () => {
    const named = allPanels.flatMap(({ panel }) => /Runbook: (\S+)$/.exec(panel.description)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(40);
    for (const page of named) expect(existsSync(new URL(page, root)), page).toBe(true);
  });

  test('asks the data source that was chosen, in all its queries', () => {
    const chosen = { type: 'prometheus', uid: `\${datasource}` };
    for (const { name, panel } of allPanels) {
      expect(panel.datasource, name).toEqual(chosen);
      expect(panel.targets.length, name).toBeGreaterThan(0);
      for (const target of panel.targets) expect(target.datasource, name).toEqual(chosen);
    }
  });

  test('has limits in ascending order', () => {
    for (const { name, panel } of allPanels) {
      const [first, ...steps] = panel.fieldConfig.defaults.thresholds.steps.map(({ value }) => value);
      expect(first, name).toBeNull();
      expect(
        [...steps].sort((a, b) => a! - b!),
        name,
      ).toEqual(steps);
    }
  });
});

describe('every query', () => {
  test('about a metric is about one environment', () => {
    for (const { name, panel } of allPanels)
      for (const { expr } of panel.targets)
        for (const selector of expr.match(/\btidemark[_:][a-z][a-z0-9_:]*(\{[^}]*\})?/g) ?? [])
          expect(selector, name).toMatch(/\{env="\$env"/);
  });

  test('takes rates of counters alone, over $__rate_interval, and counters by rates alone', () => {
    for (const { name, panel } of allPanels)
      for (const { expr, interval } of panel.targets) {
        const ranged = [...expr.matchAll(/\b(rate|increase)\((\w+)\{[^}]*\}\[([^\]]+)\]/g)];
        for (const [, , metric, range] of ranged) {
          expect(range, name).toBe('$__rate_interval');
          // sent every four minutes at the rarest, and moved by granules of five
          expect(interval, name).toBe('4m');
          expect(published.get(metric!)?.kind, name).not.toBe('gauge');
        }
        const counters = metricsIn(expr).filter((metric) => published.get(metric)?.kind !== 'gauge');
        const totals = counters.filter((metric) => metric === 'tidemark_retrain_runs_total');
        expect(counters.length - totals.length, name).toBe(ranged.length);
      }
  });

  test('reads what is sent on change by a range of an hour: an instant would have forgotten it', () => {
    for (const { name, panel } of allPanels)
      for (const { expr } of panel.targets)
        for (const [, before, metric, after] of expr.matchAll(/(\w*)\(?\b(tidemark_\w+)\{[^}]*\}(\[\w+\])?/g))
          if (published.get(metric!)?.cadence === 'change')
            expect([before, after], `${name}: ${metric}`).toEqual(['last_over_time', '[1h]']);
  });

  test('reads metrics of the catalogue and recordings of the rules', () => {
    for (const expr of expressions) {
      expect(metricsIn(expr).filter((metric) => !published.has(metric))).toEqual([]);
      const records = expr.match(/\btidemark:[a-z0-9_:]+/g) ?? [];
      expect(records.filter((record) => !recorded.has(record))).toEqual([]);
    }
  });
});

test('every metric of the catalogue is read by a dashboard or a rule', () => {
  const rules = alertGroups.flatMap(({ recordings, alerts }) => [
    ...recordings.map(({ expr }) => expr),
    ...alerts.map(exprOf),
  ]);
  const read = new Set([...expressions, ...rules].flatMap(metricsIn));
  const unread = catalogue.filter(({ name }) => ![name, `${name}_bucket`].some((one) => read.has(one)));
  expect(unread.map(({ name }) => name)).toEqual([]);
});

test('every recording is read by a dashboard or an alert', () => {
  const read = [
    ...expressions,
    ...alertGroups.flatMap(({ alerts, recordings }) => [
      ...alerts.map(({ signal }) => signal),
      ...recordings.map(({ expr }) => expr),
    ]),
  ].join('\n');
  expect([...recorded].filter((record) => !new RegExp(`${record}(?![a-z0-9_:])`).test(read))).toEqual([]);
});

test('panels of one dashboard have titles of their own', () => {
  for (const { rows, title } of dashboards) {
    const titles = rows.flatMap(({ panels }) => panels.map((panel) => panel.title));
    expect(new Set(titles).size, title).toBe(titles.length);
  }
});
