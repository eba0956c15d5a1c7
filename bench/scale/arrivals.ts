/** A day of predictions as a stream delivers it: a daily curve with bursts, spread over shards, cut into batches as Lambda cuts them. Pure. */

export const DAY_SECONDS = 86_400;
/** Lambda asks a shard for records this often a second. */
const pollsPerSecond = 4;
/** Lambda hands over no more than this in one event. */
const eventBytes = 6_000_000;
/** Writes a second that one partition, and so one shard, takes. */
export const shardWrites = 1000;
/** Partitions of a new on-demand table. */
export const leastShards = 4;

/**
 * How much busier than the mean a second of the day is. A sine that is highest at 15:00 and lowest at 03:00, and four bursts of
 * ten minutes; the mean over a day is 1 and the highest second 3, the factor that the cost calculator assumes.
 *
 * @param second - of the day, 0 to 86,399
 * @example busyness(15 * 3600) // 3: a burst begins at the busiest hour
 */
export function busyness(second: number): number {
  const curve = 1 + swing * Math.cos((2 * Math.PI * (second - 15 * 3600)) / DAY_SECONDS);
  const isBurst = burstHours.some((hour) => second >= hour * 3600 && second < hour * 3600 + 600);
  return curve * level * (isBurst ? burst : 1);
}
const swing = 0.6;
const burstHours = [9, 12, 15, 20];
const peak = 3;
// With `level` for the mean and `burst` for the peak: level · (1 + swing) · burst = 3, and the mean of all seconds is 1.
const { level, burst } = levels();

function levels(): { readonly level: number; readonly burst: number } {
  let inBursts = 0;
  for (const hour of burstHours)
    for (let second = 0; second < 600; second += 1)
      inBursts += 1 + swing * Math.cos((2 * Math.PI * (hour * 3600 + second - 15 * 3600)) / DAY_SECONDS);
  // mean = level · (1 + (burst − 1) · inBursts / day) = 1, where level · burst = peak / (1 + swing)
  const share = inBursts / DAY_SECONDS;
  const high = peak / (1 + swing);
  const level = (1 - high * share) / (1 - share);
  return { level, burst: high / level };
}

export interface Feed {
  /** Records a second, averaged over the day. */
  readonly recordsPerSecond: number;
  readonly shards: number;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Of one record as Lambda delivers it. */
  readonly recordBytes: number;
  /** What capture takes for a batch of so many records, seconds. */
  readonly captureSeconds: (records: number) => number;
  readonly granuleSeconds: number;
  /** Uniform on [0, 1). */
  readonly random: () => number;
}

export interface Batches {
  readonly batches: number;
  /** Batches that lie in two granules leave a partial in each. */
  readonly partials: number;
  readonly partialsPerGranule: readonly number[];
  readonly recordsPerGranule: readonly number[];
  /** From a record's arrival to the end of its capture, seconds: of the oldest record of each batch. */
  readonly lag: { readonly p50: number; readonly p99: number; readonly most: number };
  /** Share of a shard's busiest hour in which its capture runs. */
  readonly busiestShard: number;
  readonly mostAtOnce: number;
}

/**
 * Runs one day of one shard and counts it for all: shards get the same share of the keys, each its own draw of a Poisson number
 * per poll. At most `sampledShards` of them are run; the others are taken to be like them.
 */
export function simulateDay(feed: Feed, sampledShards = 4): Batches {
  const sampled = Math.min(feed.shards, sampledShards);
  const all = Array.from({ length: sampled }, () => simulateShard(feed));
  const scale = feed.shards / sampled;
  const granules = Math.ceil(DAY_SECONDS / feed.granuleSeconds);
  const total = (of: (one: Shard) => number) => all.reduce((sum, one) => sum + of(one), 0) * scale;
  const perGranule = (of: (one: Shard) => Float64Array) =>
    Array.from({ length: granules }, (_, at) => Math.round(total((one) => of(one)[at]!)));
  const lags = Float64Array.from(all.flatMap(({ lags }) => lags)).sort();
  const partialsPerGranule = perGranule(({ partials }) => partials);
  const busy = Math.max(...all.map(({ busiest }) => busiest));
  return {
    batches: Math.round(total(({ batches }) => batches)),
    partials: partialsPerGranule.reduce((sum, one) => sum + one, 0),
    partialsPerGranule,
    recordsPerGranule: perGranule(({ records }) => records),
    lag: { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99), most: lags.at(-1) ?? 0 },
    busiestShard: busy,
    mostAtOnce: busy * feed.shards,
  };
}

interface Shard {
  batches: number;
  readonly lags: number[];
  readonly partials: Float64Array;
  readonly records: Float64Array;
  busiest: number;
}

function simulateShard(feed: Feed): Shard {
  const { batchSize, windowSeconds, captureSeconds, granuleSeconds, random } = feed;
  const granules = Math.ceil(DAY_SECONDS / granuleSeconds);
  const shard: Shard = {
    batches: 0,
    lags: [],
    partials: new Float64Array(granules),
    records: new Float64Array(granules),
    busiest: 0,
  };
  const most = Math.max(1, Math.min(batchSize, Math.floor(eventBytes / feed.recordBytes)));
  const granuleOf = (second: number) => Math.min(granules - 1, Math.floor(second / granuleSeconds));
  const waiting: Waiting = { counts: [], seconds: [], first: 0, total: 0 };
  const busyHours = new Float64Array(24);
  let freeAt = 0;
  for (let poll = 0; poll < DAY_SECONDS * pollsPerSecond; poll += 1) {
    const second = poll / pollsPerSecond;
    const arrived = poisson(
      (feed.recordsPerSecond * busyness(second)) / feed.shards / pollsPerSecond,
      random,
    );
    if (arrived > 0) {
      waiting.counts.push(arrived);
      waiting.seconds.push(second);
      waiting.total += arrived;
      shard.records[granuleOf(second)]! += arrived;
    }
    while (
      second >= freeAt &&
      waiting.total > 0 &&
      (waiting.total >= most || second - waiting.seconds[waiting.first]! >= windowSeconds)
    ) {
      const oldest = waiting.seconds[waiting.first]!;
      const { taken, newest } = take(waiting, most);
      const took = captureSeconds(taken);
      freeAt = Math.max(freeAt, second - 1 / pollsPerSecond) + took;
      busyHours[Math.floor(second / 3600)]! += took;
      shard.batches += 1;
      shard.partials[granuleOf(oldest)]! += 1;
      if (granuleOf(newest) !== granuleOf(oldest)) shard.partials[granuleOf(newest)]! += 1;
      shard.lags.push(freeAt - oldest);
    }
  }
  shard.busiest = Math.max(...busyHours) / 3600;
  return shard;
}

/** Records by the poll they came with, oldest first; those before `first` are taken. */
interface Waiting {
  readonly counts: number[];
  readonly seconds: number[];
  first: number;
  total: number;
}

function take(waiting: Waiting, most: number): { readonly taken: number; readonly newest: number } {
  const { counts, seconds } = waiting;
  let taken = 0;
  let newest = seconds[waiting.first]!;
  while (taken < most && waiting.first < counts.length) {
    const here = Math.min(counts[waiting.first]!, most - taken);
    newest = seconds[waiting.first]!;
    taken += here;
    counts[waiting.first]! -= here;
    if (counts[waiting.first] === 0) waiting.first += 1;
  }
  waiting.total -= taken;
  return { taken, newest };
}

/** Knuth's product of uniforms for small means, a rounded normal for large ones. */
function poisson(mean: number, random: () => number): number {
  if (mean > 30) {
    const draw = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * draw));
  }
  const end = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > end; count += 1) product *= random();
  return Math.max(0, count);
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
