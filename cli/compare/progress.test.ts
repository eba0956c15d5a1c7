/** What a person waiting is told, and when. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Progress } from './progress.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function started() {
  const lines: string[] = [];
  const out = {
    isTTY: false,
    write: (text: string) => lines.push(text.trim()),
  } as unknown as NodeJS.WriteStream;
  return { lines, progress: new Progress(out, 'a.csv', 'b.csv') };
}
const done = (bytes: number) => ({ bytes, ofBytes: 100, rows: bytes });

describe('progress in a log', () => {
  it('is told from the start on, while nothing is counted yet, and never more than 5 s apart', () => {
    const { lines, progress } = started();
    for (let second = 5; second <= 60; second += 5) {
      const before = lines.length;
      vi.advanceTimersByTime(5000);
      expect(lines.length).toBeGreaterThan(before);
    }
    expect(lines[1]).toMatch(/^looking at samples of both files, \d s$/);
    progress.end();
  });

  it('is one line for what is over in a moment', () => {
    const { lines, progress } = started();
    vi.advanceTimersByTime(1000);
    progress.of('reference')(done(100));
    progress.of('current')(done(100));
    progress.end();
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual(['comparing b.csv with a.csv']);
  });

  it('says how far both files are, and once that both are counted', () => {
    const { lines, progress } = started();
    progress.of('reference')(done(50));
    vi.advanceTimersByTime(4600);
    expect(lines.at(-1)).toMatch(/^reference 50 %, current 0 %, 4 s$/);
    progress.of('reference')(done(100));
    progress.of('current')(done(100));
    expect(lines.at(-1)).toBe('comparing the counts, 5 s');
    const said = lines.length;
    progress.of('current')(done(100));
    expect(lines.length).toBe(said);
    progress.end();
  });
});
