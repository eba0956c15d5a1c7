import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboardFiles } from './generated.ts';
import type { GrafanaDashboard } from './schema.testing.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

type PanelJson = Exclude<GrafanaDashboard['panels'][number], { type: 'row' }>;
type Change = (dashboard: GrafanaDashboard) => void;

/** Changes the first panel of a kind, in a way that its type does not allow. */
const inPanel =
  (kind: PanelJson['type'], change: (panel: Loose) => void): Change =>
  ({ panels }) => {
    const panel = panels.find(({ type }) => type === kind);
    if (!panel) throw new Error(`no dashboard has a panel of kind ${kind}`);
    change(panel as unknown as Loose);
  };

/** A panel as something that anything may be written into. */
interface Loose {
  [key: string]: unknown;
  readonly options: Record<string, unknown>;
  readonly gridPos: Record<string, unknown>;
  readonly targets: readonly Record<string, unknown>[];
  readonly fieldConfig: {
    readonly defaults: Record<string, unknown> & { readonly custom: Record<string, unknown> };
    readonly overrides: { properties: { id: string; value: unknown }[] }[];
  };
}

/** What is wrong, and what the checker says about it. */
const wrongs: readonly (readonly [what: string, change: Change, said: string])[] = [
  [
    'a property no dashboard has',
    (dashboard) => Object.assign(dashboard, { colour: 'red' }),
    `"colour"' does not exist`,
  ],
  [
    'a value its enum lacks',
    (dashboard) => Object.assign(dashboard, { graphTooltip: 3 }),
    `'3' is not assignable`,
  ],
  ['a kind of panel there is not', inPanel('stat', (panel) => (panel.type = 'graph')), `"graph"`],
  [
    'a number as text',
    inPanel('stat', ({ gridPos }) => (gridPos.h = '4')),
    `'string' is not assignable to type 'number'`,
  ],
  [
    'a misspelt option of a stat',
    inPanel('stat', ({ options }) => (options.colourMode = 'value')),
    `"colourMode"' does not exist`,
  ],
  [
    'a value an option lacks',
    inPanel('bargauge', ({ options }) => (options.displayMode = 'pretty')),
    `"pretty"`,
  ],
  [
    'an option of another kind',
    inPanel('table', ({ options }) => (options.graphMode = 'none')),
    `"graphMode"' does not exist`,
  ],
  [
    'a misspelt style of lines',
    inPanel('timeseries', ({ fieldConfig }) => (fieldConfig.defaults.custom.lineWdth = 2)),
    `"lineWdth"' does not exist`,
  ],
  [
    'a limit that is a text',
    inPanel(
      'heatmap',
      ({ fieldConfig }) =>
        (fieldConfig.defaults.thresholds = { mode: 'absolute', steps: [{ value: '1', color: 'red' }] }),
    ),
    `'string' is not assignable to type 'number'`,
  ],
  [
    'a column’s unknown property',
    inPanel('table', ({ fieldConfig }) =>
      fieldConfig.overrides[0]!.properties.push({ id: 'custom.celOptions', value: {} }),
    ),
    `"custom.celOptions"`,
  ],
  [
    'a query in an unknown format',
    inPanel('state-timeline', ({ targets }) => Object.assign(targets[0]!, { format: 'csv' })),
    `"csv"`,
  ],
  [
    'a query without its expression',
    inPanel('status-history', ({ targets }) => delete targets[0]!.expr),
    `'expr' is missing`,
  ],
];

const modelFile = 'observability/dashboards/json/tidemark-model.json';
let folder: string;
/** What the checker says, by file. */
let said: Record<string, string>;
beforeAll(async () => {
  await mkdir(`${root}.tidemark`, { recursive: true });
  folder = await mkdtemp(`${root}.tidemark/schema-`);
  const good = [...dashboardFiles].map(([path, json]) => [path.replace(/^.*\/|\.json$/g, ''), json] as const);
  const bad = wrongs.map(([, change], at) => {
    const dashboard = JSON.parse(dashboardFiles.get(modelFile)!) as GrafanaDashboard;
    change(dashboard);
    return [`wrong-${at}`, JSON.stringify(dashboard, null, 1)] as const;
  });
  const head = `import type { GrafanaDashboard } from '../../observability/dashboards/schema.testing.ts';\nexport const dashboard: GrafanaDashboard = `;
  await Promise.all([
    ...[...good, ...bad].map(([name, json]) => writeFile(`${folder}/${name}.ts`, `${head}${json};\n`)),
    writeFile(
      `${folder}/tsconfig.json`,
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { types: [] },
        include: ['*.ts'],
        exclude: [],
      }),
    ),
  ]);
  said = await check();
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function check(): Promise<Record<string, string>> {
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const output = await run(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    maxBuffer: 2 ** 26,
  }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  const found: Record<string, string> = {};
  let file = '';
  for (const line of output.split('\n')) {
    file = /([^/\s]+)\.ts\(\d+,\d+\): error/.exec(line)?.[1] ?? file;
    if (line !== '') found[file] = `${found[file] ?? ''}${line}\n`;
  }
  return found;
}

test.each([...dashboardFiles.keys()])('%s is what Grafana’s schema allows', (path) => {
  expect(said[path.replace(/^.*\/|\.json$/g, '')]).toBeUndefined();
});

test('nothing else is wrong either: what the checker itself needs was found', () => {
  expect(Object.keys(said).filter((file) => !file.startsWith('wrong-'))).toEqual([]);
});

test.each(wrongs.map(([what, , words], at) => [what, words, at] as const))(
  '%s is refused',
  (_, words, at) => {
    expect(said[`wrong-${at}`]).toContain(words);
  },
);
