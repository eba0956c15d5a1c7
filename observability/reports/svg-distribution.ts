/** Pictures of a column's two distributions: the reference is a filled shape, the current one a line. */

import type { ComparedColumn, DistributionBin } from '#shared/comparison/comparison.ts';
import { change, figure, share } from './format.ts';
import { elided, html, type Markup } from './html.ts';

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const SPARK: Box = { left: 0, top: 1, width: 80, height: 19 };
const PLOT: Box = { left: 46, top: 8, width: 586, height: 150 };
/** Categories drawn one by one; the rest are one bar. */
const MOST_BARS = 12;
/** Steps of a picture in the size of a word. */
const MOST_SPARKS = 24;
/** Labels along the horizontal axis. */
const MOST_TICKS = 7;

/** Both distributions in the size of a word. */
export function sparkline(column: ComparedColumn): Markup | undefined {
  const { name, distribution } = column;
  if (distribution.length === 0) return undefined;
  const bins = condensed(column, MOST_SPARKS);
  return html`<svg class="sp" viewBox="0 0 80 20" role="img" aria-label="${elided(name, 30)}: ${moved(distribution)}">${shapes(bins, highest(bins), SPARK)}</svg>`;
}

/**
 * Both distributions with axes; numbers as steps over the bins, categories as bars.
 *
 * @param hasHints whether pointing at a bin says its figures, at 1.4 KB for 20 bins
 */
export function distributionChart(column: ComparedColumn, hasHints: boolean): Markup {
  if (column.distribution.length === 0) return html`<p class="none">No rows to draw a distribution from.</p>`;
  const label = `Distribution of ${elided(column.name, 60)}, ${moved(column.distribution)}`;
  return isDrawnInSteps(column) ? stepChart(column, label, hasHints) : barChart(column.distribution, label);
}

function stepChart({ name, distribution }: ComparedColumn, label: string, hasHints: boolean): Markup {
  const top = highest(distribution);
  const step = niceStep(top);
  const grid = Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, at) => at * step);
  const slot = PLOT.width / distribution.length;
  const base = PLOT.top + PLOT.height;
  const everyTick = Math.ceil((distribution.length + 1) / MOST_TICKS);
  const edges = [...distribution.map(({ lower }) => lower), distribution.at(-1)?.upper];
  const ticks = edges.flatMap((edge, at) => {
    if (at % everyTick !== 0 || typeof edge !== 'number' || !Number.isFinite(edge)) return [];
    return [html`<text x="${Math.round(at * slot)}">${figure(edge)}</text>`];
  });
  const heights = grid.map((value) => Math.round(base - (PLOT.height * value) / top));
  const lines = heights.map((y) => `M${PLOT.left} ${y}h${PLOT.width}`).join('');
  const scale = grid.map((value, at) => html`<text y="${heights[at]}">${share(value)}</text>`);
  const hints = distribution.map(
    (bin, at) =>
      html`<rect x="${PLOT.left + at * slot}" width="${slot}"><title>${elided(bin.label, 40)}: ${change(bin.reference, bin.current)}</title></rect>`,
  );
  return html`<svg class="ch" viewBox="0 0 640 196" role="img" aria-label="${label}"><path class="g" d="${lines}"/><g class="y" transform="translate(${PLOT.left - 6} 4)">${scale}</g>${shapes(distribution, top, PLOT)}<g class="x" transform="translate(${PLOT.left} ${base + 15})">${ticks}<text class="t" x="${PLOT.width / 2}" y="18">${elided(name, 60)}</text></g>${hasHints ? html`<g class="h">${hints}</g>` : undefined}</svg>`;
}

function barChart(distribution: readonly DistributionBin[], label: string): Markup {
  const bins = mostTelling(distribution, MOST_BARS);
  const longest = highest(bins);
  const [left, width, row] = [190, 340, 30];
  const bar = (value: number) => Math.max(value > 0 ? 1 : 0, (width * value) / longest);
  const rects = (pick: (bin: DistributionBin) => number, shift: number) =>
    bins
      .map(
        (bin, at) =>
          `M${left} ${at * row + shift}h${Math.round(bar(pick(bin)))}v10h-${Math.round(bar(pick(bin)))}z`,
      )
      .join('');
  const texts = bins.map(
    (bin, at) =>
      html`<text class="y" x="${left - 8}" y="${at * row + 18}">${elided(bin.label, 24)}</text><text x="${left + bar(Math.max(bin.reference, bin.current)) + 8}" y="${at * row + 18}">${change(bin.reference, bin.current)}</text>`,
  );
  return html`<svg class="ch" viewBox="0 0 640 ${bins.length * row + 4}" role="img" aria-label="${label}"><path class="r" d="${rects((bin) => bin.reference, 4)}"/><path class="b" d="${rects((bin) => bin.current, 15)}"/>${texts}</svg>`;
}

/** The reference filled, the current one as a line over it. */
function shapes(bins: readonly DistributionBin[], top: number, box: Box): Markup {
  const outline = (pick: (bin: DistributionBin) => number) => {
    const slot = box.width / bins.length;
    let x = 0;
    const steps = bins.map((bin, at) => {
      const next = Math.round((at + 1) * slot);
      const step = `V${Math.round(box.top + box.height * (1 - finite(pick(bin)) / top))}h${next - x}`;
      x = next;
      return step;
    });
    return `M${box.left} ${box.top + box.height}${steps.join('')}V${box.top + box.height}`;
  };
  return html`<path class="r" d="${outline((bin) => bin.reference)}z"/><path class="c" d="${outline((bin) => bin.current)}"/>`;
}

/** What a reader who cannot see the picture most needs to know. */
function moved(bins: readonly DistributionBin[]): string {
  const gap = (bin: DistributionBin) => Math.abs(finite(bin.current) - finite(bin.reference));
  const [most] = [...bins].sort((a, b) => gap(b) - gap(a));
  if (!most || gap(most) < 0.005) return 'both nearly the same';
  return `largest change at ${elided(most.label, 40)}: ${change(most.reference, most.current)}`;
}

/**
 * A column's bins in at most `most`: numeric ones redrawn on fewer, equal ones, each old bin spread over those it
 * meets (uniting whole ones would make teeth where there are none); the rarest categories as one.
 */
export function condensed({ kind, distribution }: ComparedColumn, most: number): readonly DistributionBin[] {
  if (distribution.length <= most) return distribution;
  if (kind === 'categorical') return mostTelling(distribution, most);
  const perBin = distribution.length / most;
  return Array.from({ length: most }, (_, at) => {
    const part = (index: number) =>
      Math.max(0, Math.min(index + 1, (at + 1) * perBin) - Math.max(index, at * perBin));
    return united(distribution, '', part);
  });
}

/** The categories that say most, in their own order, and one for all others. */
function mostTelling(bins: readonly DistributionBin[], most: number): readonly DistributionBin[] {
  if (bins.length <= most) return bins;
  const weight = (bin: DistributionBin) => Math.max(finite(bin.reference), finite(bin.current));
  const kept = new Set([...bins].sort((a, b) => weight(b) - weight(a)).slice(0, most - 1));
  const rest = bins.filter((bin) => !kept.has(bin));
  return [...bins.filter((bin) => kept.has(bin)), united(rest, `${rest.length} others`)];
}

/** @param part of the bin at an index that counts */
function united(
  bins: readonly DistributionBin[],
  label: string,
  part: (index: number) => number = () => 1,
): DistributionBin {
  const sum = (pick: (bin: DistributionBin) => number) =>
    bins.reduce((total, bin, index) => total + part(index) * finite(pick(bin)), 0);
  return { label, reference: sum((bin) => bin.reference), current: sum((bin) => bin.current) };
}

/** The largest share of either side; 1 where there is none, so that it can be divided by. */
export function highest(bins: readonly DistributionBin[]): number {
  return bins.reduce((most, bin) => Math.max(most, finite(bin.reference), finite(bin.current)), 0) || 1;
}

/** 1, 2 or 5 times a power of ten, so that two to five lines fit below `top`. */
function niceStep(top: number): number {
  const power = 10 ** Math.floor(Math.log10(top / 2));
  const times = top / 2 / power;
  return power * (times >= 5 ? 5 : times >= 2 ? 2 : 1);
}

/** Intervals of numbers are an axis; single values of them are bars with their names, as categories are. */
export function isDrawnInSteps({ kind, distribution }: ComparedColumn): boolean {
  return kind === 'numeric' && distribution.some(({ lower, upper }) => lower != null || upper != null);
}

/** Whether the height of a bin says nothing of its density, since some are more than a tenth wider than others. */
export function hasUnequalBins(bins: readonly DistributionBin[]): boolean {
  const widths = bins.flatMap(({ lower, upper }) =>
    typeof lower === 'number' && typeof upper === 'number' ? [upper - lower] : [],
  );
  return widths.some((width) => width > 1.1 * (widths[0] ?? width) || 1.1 * width < (widths[0] ?? width));
}

function finite(value: number): number {
  return Number.isFinite(value) ? Math.max(0, value) : 0;
}
