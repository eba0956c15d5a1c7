/** Latencies of a load test, counted in buckets of 1 %: an hour at the highest rate takes no more memory than a second. */

export interface LatencySummary {
  readonly count: number;
  /** Milliseconds; absent when nothing was counted. */
  readonly quantiles?: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
}

/** 10 µs … more than an hour. */
const LEAST_MS = 0.01;
const GROWTH = Math.log(1.01);
const BUCKETS = 2048;

export class Latencies {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  /** @param ms negative ones, from a clock that was set back, count as none */
  add(ms: number): void {
    const at = ms <= LEAST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / LEAST_MS) / GROWTH));
    this.#buckets[at]! += 1;
    this.#count += 1;
    this.#max = Math.max(this.#max, ms);
  }

  /**
   * Nearest-rank quantiles, each at most 1 % above the true one and never below it; the maximum is exact.
   *
   * @example
   * const latencies = new Latencies();
   * for (let ms = 1; ms <= 100; ms++) latencies.add(ms);
   * latencies.summary().quantiles?.max // => 100
   */
  summary(): LatencySummary {
    if (this.#count === 0) return { count: 0 };
    const [p50, p90, p99] = [this.#quantile(0.5), this.#quantile(0.9), this.#quantile(0.99)];
    return { count: this.#count, quantiles: { p50, p90, p99, max: this.#max } };
  }

  #quantile(share: number): number {
    const rank = Math.ceil(share * this.#count);
    let seen = 0;
    let at = 0;
    while (seen + this.#buckets[at]! < rank) seen += this.#buckets[at++]!;
    return Math.min(this.#max, LEAST_MS * Math.exp(at * GROWTH));
  }
}
