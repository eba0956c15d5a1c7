/** What the `models` command prints: one JSON object, or a few aligned lines. */
import type { ImageSpec } from '#shared/images/image-spec.ts';
import type { ModelRecord, VersionRecord } from '#shared/registry/model.ts';
import type { Client } from './client.ts';

export interface Context {
  readonly client: Client;
  readonly isJson: boolean;
  readonly actor: string;
  readonly reason: string | undefined;
}

export type ServedModel = ModelRecord & {
  readonly champion: string | null;
  readonly previous: string | null;
};
type ListedModel = Omit<ServedModel, 'schema'>;
export type ListedVersion = VersionRecord & { readonly champion: boolean };

/** A line for a person; with `--json` it goes to stderr, so that stdout has one JSON object. */
export function say(context: Context, text: string): void {
  (context.isJson ? process.stderr : process.stdout).write(`${text}\n`);
}

export function printJson(value: unknown): number {
  process.stdout.write(`${JSON.stringify(value)}\n`);
  return 0;
}

export async function printModels(context: Context): Promise<number> {
  const answer = await context.client.get<{ models: ListedModel[] }>('/models');
  if (context.isJson) return printJson(answer);
  if (answer.models.length === 0) process.stdout.write('no model is registered\n');
  printTable(
    answer.models.map(({ name, task, champion, created_at }) => [
      name,
      task,
      champion ?? 'no champion',
      created_at.slice(0, 10),
    ]),
  );
  return 0;
}

export async function printModel(context: Context, [name = '']: readonly string[]): Promise<number> {
  const model = await context.client.get<ServedModel>(`/models/${encodeURIComponent(name)}`);
  if (context.isJson) return printJson(model);
  const { features, target } = model.schema;
  const lines = [
    `${model.name}: ${model.task}, ${model.champion === null ? 'no champion' : `champion ${model.champion}`}`,
    `target    ${target.name}${target.classes ? `: ${shortList(target.classes)}` : ''}`,
    `features  ${features.length}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  printTable(features.map((feature) => [`  ${feature.name}`, feature.kind, rangeOf(feature)]));
  process.stdout.write(
    `monitor   ${JSON.stringify(model.monitor)}\nretrain   ${JSON.stringify(model.retrain)}\n`,
  );
  return 0;
}

export async function printVersions(context: Context, [name = '']: readonly string[]): Promise<number> {
  const answer = await context.client.get<{ versions: ListedVersion[] }>(
    `/models/${encodeURIComponent(name)}/versions`,
  );
  if (context.isJson) return printJson(answer);
  if (answer.versions.length === 0) process.stdout.write(`${name} has no version\n`);
  printTable(
    answer.versions.map((one) => [
      one.version,
      one.champion ? 'champion' : one.status,
      figures(one.metrics),
      one.reason ?? '',
    ]),
  );
  return 0;
}

export function printMoved(context: Context, answer: unknown): number {
  if (context.isJson) return printJson(answer);
  const { model, champion, changed } = answer as { model: string; champion: string; changed: boolean };
  process.stdout.write(`${champion} ${changed ? 'is now' : 'was already'} the champion of ${model}\n`);
  return 0;
}

/** Of all figures; the others are in the version's evaluation. */
const mostTelling = ['rmse', 'mae', 'accuracy', 'error_rate', 'roc_auc', 'rows'];

/** @example figures({ accuracy: 0.96, rows: 50 }) // => 'accuracy 0.96, rows 50' */
export function figures(metrics: Readonly<Record<string, number>>): string {
  const shown = mostTelling.flatMap((name) =>
    metrics[name] === undefined ? [] : [[name, metrics[name]] as const],
  );
  return shown.map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`).join(', ');
}

export function shortList(names: readonly string[]): string {
  return names.length <= 10 ? names.join(', ') : `${names.slice(0, 10).join(', ')}, … (${names.length})`;
}

export function rangeOf({ min, max, values, image, pii }: ModelRecord['schema']['features'][number]): string {
  if (pii) return 'pii: kept as a token, not given to the model';
  if (image) return imageOf(image);
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  return values ? shortList(values) : '';
}

/** @example imageOf(spec) // => '224x224, 3 channels, NCHW, (byte × 0.003922 - 0.5) / 0.25' */
function imageOf({ width, height, channels, layout, scale, mean, std }: ImageSpec): string {
  const scaled = `byte × ${Number(scale.toPrecision(4))}${mean ? ` - ${mean.join(' ')}` : ''}`;
  const value = std ? `(${scaled}) / ${std.join(' ')}` : scaled;
  return `${width}x${height}, ${channels === 1 ? '1 channel' : '3 channels'}, ${layout}, ${value}`;
}

export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(cell.length, widest[at] ?? 0)),
    [],
  );
  for (const row of rows) {
    const line = row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
    process.stdout.write(`${line.trimEnd()}\n`);
  }
}
