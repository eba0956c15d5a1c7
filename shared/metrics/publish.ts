/** The only writer of metrics: once a minute, what is due by cadence, as of the whole minute; and the end of series that are gone. A window that was judged brings the minute's publication forward. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '../deps.ts';
import { type Delivery, deliver } from '../remote-write/deliver.ts';
import { type CheckedSample, checkSamples, seriesKey, type WriteSample } from '../remote-write/sample.ts';
import type { Sent } from '../remote-write/send.ts';
import type { Collect } from './collect.ts';
import type { Figures } from './figures.ts';
import type { Cadence } from './metric.ts';
import {
  type Claim,
  claimMinute,
  claimWait,
  finishMinute,
  maxRefusedKept,
  minuteMs,
  type PublisherState,
  readPublisherState,
} from './publisher-state.ts';
import { seriesByMetric } from './series.ts';
import { createSeriesBooks, type SeriesBook } from './series-book.ts';

export interface Published {
  /** Samples the receiver took. */
  readonly published: number;
  /** Samples it never will. */
  readonly rejected: number;
  /** Samples that will be sent again. */
  readonly undelivered: number;
  /** Why less was published than there is. */
  readonly reason?: string;
}

/** Sends one request; must not begin anything after `until`, Unix milliseconds. */
export type SendBody = (body: Uint8Array, until: number) => Promise<Sent>;

const fourMinutesMs = 4 * minuteMs;
/** Also without a change: `last_over_time` of an hour then always finds two. */
const halfHourMs = 30 * minuteMs;
/** A series that was refused is tried again after this. */
const refusedMs = 30 * minuteMs;
/** Time for sending, well within the lease. */
const sendMs = 40_000;
const maxLogged = 20;
/** A timer may end a moment early, and another function's clock be a moment behind. */
const marginMs = 50;
/** After a wait, how often and how long a publication of the minute before is waited for. */
const busyTries = 10;
const busyMs = 1000;

/**
 * What asks for a publication: the clock, which comes again, or something that is news. For news a minute that is published already, and
 * may be without it, is not the end: the next one is published as soon as it begins.
 */
type Cause = 'clock' | 'news';

interface Due extends WriteSample {
  readonly key: string;
  readonly cadence: Cadence;
}

/**
 * @returns a function to be called every minute, by anyone, as often as they like: a minute is published once. Of any number of calls with
 *   news in a minute that is published one waits, by `wait`, for 60,050 ms at most; all others are answered at once. A wait that ends
 *   early does no harm
 */
export function createPublisher(
  deps: Pick<Deps, 'state' | 'objects' | 'now' | 'newId' | 'log'>,
  collect: Collect,
  send: SendBody,
): (cause?: Cause, wait?: (ms: number) => Promise<unknown>) => Promise<Published> {
  const books = createSeriesBooks(deps);

  return async (cause = 'clock', wait = sleep) => {
    const holder = deps.newId();
    const now = await claimMinute(deps, holder);
    const claim = now.claimed || cause === 'clock' ? now : await claimNext(holder, wait);
    if (!claim.claimed) return { published: 0, rejected: 0, undelivered: 0, reason: claim.reason };
    const { state } = claim;
    if (claim.isClockSetBack)
      deps.log('warn', 'the publisher’s clock was ahead: a receiver may refuse what is earlier', {});
    try {
      return await publish(holder, state);
    } catch (error) {
      await finishMinute(deps, holder, { failures: state.failures + 1 });
      throw error;
    }
  };

  async function claimNext(holder: string, wait: (ms: number) => Promise<unknown>): Promise<Claim> {
    const waitMs = await claimWait(deps);
    if (waitMs === undefined)
      return { claimed: false, reason: 'another waits for the next minute', isBusy: false };
    await wait(waitMs + marginMs);
    let claim = await claimMinute(deps, holder);
    for (let tries = 0; !claim.claimed && claim.isBusy && tries < busyTries; tries++) {
      await wait(busyMs);
      claim = await claimMinute(deps, holder);
    }
    return claim;
  }

  async function publish(holder: string, state: PublisherState): Promise<Published> {
    const until = deps.now() + sendMs;
    const [figures, book] = await Promise.all([collect(), readBook(state)]);
    const all = samplesOf(figures, state.minute);
    const due = dueOf(all, book, state);
    const known = new Set(all.map(({ key }) => key));
    const ended = [...book.keys()]
      .filter((key) => !known.has(key))
      .map((key) => endOf(key, state.minute))
      .filter(({ labels: { model = '' } }) => !figures.deployment.unreadable.includes(model));
    const { checked, refused: invalid } = checkSamples([...due, ...ended]);
    for (const one of invalid.slice(0, maxLogged))
      deps.log('error', 'a series is not valid and is left out', { name: one.name, reason: one.reason });
    const delivery = await deliver(checked, (body) => send(body, until));
    report(delivery);
    const next = nextBook(book, all, delivery);
    // one that was held up until another took over would write over that one's book
    const isChanged = next !== undefined && (await readPublisherState(deps)).holder === holder;
    if (isChanged) await books.write(state.book + 1, next);
    const hasFailed = delivery.undelivered.length > 0;
    await finishMinute(deps, holder, {
      ...(hasFailed ? {} : marksOf(state)),
      ...(isChanged ? { book: state.book + 1, series: next.size } : {}),
      rejectedTotal: state.rejectedTotal + invalid.length + delivery.refused.length,
      failures: state.failures + (hasFailed ? 1 : 0),
      refused: refusedAfter(state, delivery),
    });
    return {
      published: delivery.accepted.length,
      rejected: invalid.length + delivery.refused.length,
      undelivered: delivery.undelivered.length,
      ...(delivery.reason === undefined ? {} : { reason: delivery.reason }),
    };
  }

  /** Without a book nothing is known to be gone, and everything is new: the receiver takes a repeated value. */
  async function readBook({ book }: PublisherState): Promise<SeriesBook> {
    try {
      return await books.read(book);
    } catch (error) {
      deps.log('error', 'the book of published series cannot be read', { book, error: String(error) });
      return new Map();
    }
  }

  function report({ refused, undelivered, reason }: Delivery): void {
    for (const { sample, message } of refused.slice(0, maxLogged))
      deps.log('error', 'the receiver refuses a series; it is left out', {
        series: sample.key,
        reason: message,
      });
    if (undelivered.length > 0)
      deps.log('warn', 'a part of the metrics was not delivered', {
        series: undelivered.length,
        reason: reason ?? '',
      });
  }
}

function samplesOf(figures: Figures, timestampMs: number): Due[] {
  const all: Due[] = [];
  for (const { metric, series } of seriesByMetric(figures))
    for (const { name, labels, value } of series)
      all.push({ name, labels, value, timestampMs, cadence: metric.cadence, key: seriesKey(name, labels) });
  return all;
}

function dueOf(all: readonly Due[], book: SeriesBook, state: PublisherState): Due[] {
  const isFourMinutes = state.minute - state.lastFourMinutes >= fourMinutesMs;
  const isHalfHour = state.minute - state.lastChange >= halfHourMs;
  const isDue = ({ cadence, key, value }: Due): boolean => {
    const refusedAt = state.refused[key];
    if (refusedAt !== undefined && state.minute - refusedAt < refusedMs) return false;
    if (cadence === 'minute' || !book.has(key)) return true;
    return cadence === 'four_minutes' ? isFourMinutes : isHalfHour || book.get(key) !== value;
  };
  return all.filter(isDue);
}

function endOf(key: string, timestampMs: number): WriteSample {
  const { __name__: name = '', ...labels } = Object.fromEntries(JSON.parse(key) as [string, string][]);
  return { name, labels, value: 'stale', timestampMs };
}

/** The marks of the cadences that were due: what a minute could not deliver stays due. */
function marksOf(state: PublisherState): Pick<PublisherState, 'lastFourMinutes' | 'lastChange'> {
  const { minute, lastFourMinutes, lastChange } = state;
  return {
    lastFourMinutes: minute - lastFourMinutes >= fourMinutesMs ? minute : lastFourMinutes,
    lastChange: minute - lastChange >= halfHourMs ? minute : lastChange,
  };
}

/** Undefined where nothing is new, changed or gone. */
function nextBook(
  book: SeriesBook,
  all: readonly Due[],
  { accepted, refused }: Delivery,
): SeriesBook | undefined {
  const cadences = new Map(all.map(({ key, cadence }) => [key, cadence]));
  const next = new Map(book);
  let isChanged = false;
  const took = (key: string, sample: CheckedSample['value']) => {
    const value = sample !== 'stale' && cadences.get(key) === 'change' ? sample : null;
    if (sample === 'stale') isChanged = next.delete(key) || isChanged;
    else if (!next.has(key) || next.get(key) !== value) {
      next.set(key, value);
      isChanged = true;
    }
  };
  for (const { key, value } of accepted) took(key, value);
  // the end of a series that is not taken is not tried for ever
  for (const { sample } of refused) if (sample.value === 'stale') took(sample.key, 'stale');
  return isChanged ? next : undefined;
}

function refusedAfter({ refused, minute }: PublisherState, delivery: Delivery): PublisherState['refused'] {
  const waiting = Object.entries(refused).filter(([, at]) => minute >= at && minute - at < refusedMs);
  const fresh = delivery.refused.map(({ sample }) => [sample.key, minute] as const);
  return Object.fromEntries([...waiting, ...fresh].slice(-maxRefusedKept));
}
