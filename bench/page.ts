/** docs/benchmarks.md: one section per benchmark, replaced in place when that benchmark runs. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { BenchTable } from './table.ts';

const path = new URL('../docs/benchmarks.md', import.meta.url);

const HEADER = `# Benchmarks

Made by \`npm run bench\`; each section says when and where it was measured. \`npm run bench -- NAME …\` runs some of them
and replaces their sections. The machines were shared; ratios are of one run. Peers are measured where a Python can import
them (\`TIDEMARK_EVIDENTLY_PYTHON\`, \`TIDEMARK_NANNYML_PYTHON\`, \`TIDEMARK_PEERS_PYTHON\` or \`python3\`).
`;

/** A table of more than two columns, below a section's own. */
export interface WideTable {
  readonly title: string;
  /** What was simulated, and how often. */
  readonly note: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type BenchResult = BenchTable & { readonly tables?: readonly WideTable[] };

export function toMarkdown({ name, rows, tables = [] }: BenchResult, goal: string): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}, Node ${process.versions.node}`;
  const own = rows.length > 0 ? [table(['what', 'measured'], rows)] : [];
  const wide = tables.map(
    ({ title, note, header, rows: cells }) => `### ${title}\n\n${note}\n\n${table(header, cells)}`,
  );
  const date = new Date().toISOString().slice(0, 10);
  return [`## ${name}`, `Goal: ${goal}.`, `Measured ${date}: ${machine}.`, ...own, ...wide].join('\n\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/**
 * Puts a section into the page, in the given order of all benchmarks; the others stay as they are.
 *
 * @param order names of all benchmarks; sections of other names are dropped
 */
export function writeSection(name: string, section: string, order: readonly string[]): void {
  const sections = existsSync(path) ? sectionsOf(readFileSync(path, 'utf8')) : new Map<string, string>();
  sections.set(name, section);
  const body = order.flatMap((one) => {
    const text = sections.get(one);
    return text === undefined ? [] : [`<!-- bench: ${one} -->\n${text}\n`];
  });
  writeFileSync(path, [HEADER, ...body].join('\n'));
}

function sectionsOf(page: string): Map<string, string> {
  const parts = page.split(/^<!-- bench: (.+) -->$/m).slice(1);
  const sections = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) sections.set(parts[at]!, parts[at + 1]!.trim());
  return sections;
}
