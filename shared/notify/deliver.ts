/** The alert log → people: whatever is due on any open alert is sent, each channel on its own, and the result written down. */
import type { Deps } from '../deps.ts';
import {
  type AlertRecord,
  alertEvents,
  type ChannelName,
  changeAlert,
  closeAlert,
  countAlerts,
  type Delivery,
  openAlerts,
} from '../registry/alert-log.ts';
import type { Channel } from './channel.ts';
import { shortened } from './notice.ts';
import type { Sent } from './post.ts';
import { Turns } from './turns.ts';

type DeliverDeps = Pick<Deps, 'state' | 'now' | 'log' | 'measure' | 'newId' | 'settings'>;

export interface Delivered {
  readonly sent: number;
  readonly failed: number;
  readonly gave_up: number;
}

/** Longer than one round can take: who sends may be killed, and another takes over after this. */
const leaseMs = 90_000;
/** Rounds that may fail before a delivery is given up: over about two hours. */
const maxRounds = 12;
const maxBackoffMs = 15 * 60_000;
/** What a receiver asks for is obeyed up to this. */
const maxWaitMs = 4 * maxBackoffMs;
/** Alerts under way, so many that a slow channel keeps no other from the rest. */
const atOnce = 64;
/** A channel that was down so often in one run is left alone for the rest of it. */
const failuresPerRun = 2;
/** A receiver that asks for patience gets a message so often before it counts as down. */
const maxComings = 4;
/** Something that is changed while it is sent is looked at again, so often in one run. */
const maxTurns = 3;

/**
 * A delivery is claimed before it is sent and written down after: who is killed in between has it sent again, so it errs to twice and
 * never to not at all. PagerDuty makes one page of both.
 *
 * @param isOver asked before each alert; what is left is the next run's
 */
export async function deliverDue(
  deps: DeliverDeps,
  channels: readonly Channel[],
  isOver: () => boolean,
): Promise<Delivered> {
  const run = new Run(deps, channels, isOver);
  const queue = [...(await openAlerts(deps))].sort(byUrgency);
  const worker = async () => {
    for (let alert = queue.shift(); alert !== undefined && !isOver(); alert = queue.shift())
      await run.deliver(alert.id);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (run.counted.gave_up > 0) deps.measure('UndeliveredNotifications', run.counted.gave_up);
  await countAlerts(deps, { ...run.counted });
  return run.counted;
}

const byUrgency = (one: AlertRecord, other: AlertRecord): number =>
  Number(other.severity === 'critical') - Number(one.severity === 'critical') ||
  one.firstSeen - other.firstSeen;

/** A claim that lasts longer than any is of a clock that was set back since. */
const isHeld = ({ until }: NonNullable<AlertRecord['lease']>, now: number): boolean =>
  until > now && until <= now + leaseMs;

/** So is a round that is further off than any, and the first is never waited for. */
const isTime = ({ attempts, nextAt }: Delivery, now: number): boolean =>
  attempts === 0 || nextAt <= now || nextAt > now + maxWaitMs;

/** What a receiver that has too much asks for, milliseconds. */
const pauseOf = (sent: Sent): number | undefined =>
  sent.kind === 'failed' && sent.isBusy ? sent.retryAfterMs : undefined;

type Result = { readonly delivery: Delivery; readonly sent: Sent };

class Run {
  readonly counted = { sent: 0, failed: 0, gave_up: 0 };
  readonly #deps: DeliverDeps;
  readonly #channels: ReadonlyMap<ChannelName, Channel>;
  readonly #failures = new Map<ChannelName, number>();
  readonly #turns: ReadonlyMap<ChannelName, Turns>;
  readonly #isOver: () => boolean;

  constructor(deps: DeliverDeps, channels: readonly Channel[], isOver: () => boolean) {
    this.#deps = deps;
    this.#isOver = isOver;
    this.#turns = new Map(channels.map(({ name }) => [name, new Turns()]));
    this.#channels = new Map(channels.map((channel) => [channel.name, channel]));
  }

  /** One alert; its trouble is not its neighbours'. */
  async deliver(id: string): Promise<void> {
    try {
      for (let turn = 0; turn < maxTurns && !this.#isOver(); turn++) {
        const by = this.#deps.newId();
        const claimed = await this.#claim(id, by);
        if (!claimed) break;
        await this.#record(id, by, await this.#send(claimed));
      }
      await closeAlert(this.#deps, id, this.#deps.now());
    } catch (error) {
      this.#deps.log('error', 'an alert could not be delivered', { alert: id, error: String(error) });
    }
  }

  async #claim(id: string, by: string): Promise<AlertRecord | undefined> {
    const claimed = await changeAlert(this.#deps, id, (alert) => {
      const now = this.#deps.now();
      if (this.#due(alert).length === 0 || (alert.lease && isHeld(alert.lease, now))) return undefined;
      return { ...alert, lease: { by, until: now + leaseMs } };
    });
    return claimed?.lease?.by === by ? claimed : undefined;
  }

  #due({ deliveries }: AlertRecord): readonly Delivery[] {
    return Object.values(deliveries).filter(
      (delivery) =>
        delivery.state === 'pending' && isTime(delivery, this.#deps.now()) && !this.#isDown(delivery.channel),
    );
  }

  #isDown(channel: ChannelName): boolean {
    return (this.#failures.get(channel) ?? 0) >= failuresPerRun;
  }

  /** Channels side by side, the events of one channel one after the other. */
  async #send(alert: AlertRecord): Promise<readonly Result[]> {
    const due = this.#due(alert);
    const names = [...new Set(due.map(({ channel }) => channel))];
    const results = await Promise.all(
      names.map(async (name) => {
        const own = due.filter(({ channel }) => channel === name);
        own.sort((one, other) => alertEvents.indexOf(one.event) - alertEvents.indexOf(other.event));
        const done: Result[] = [];
        for (const delivery of own) {
          const sent = await this.#inTurn(alert, delivery);
          if (sent === undefined) break;
          done.push({ delivery, sent });
          if (sent.kind === 'failed') break;
        }
        return done;
      }),
    );
    return results.flat();
  }

  /** Undefined where the channel turned out to be down, or the time was over, before it was this one's turn: it is still due. */
  async #inTurn(alert: AlertRecord, delivery: Delivery): Promise<Sent | undefined> {
    const turns = this.#turns.get(delivery.channel);
    await turns?.take();
    try {
      for (let coming = 1; ; coming++) {
        if (this.#isDown(delivery.channel) || this.#isOver()) return undefined;
        const sent = await this.#tell(alert, delivery);
        const waitMs = coming < maxComings ? pauseOf(sent) : undefined;
        if (waitMs === undefined || !(await turns?.pause(waitMs))) {
          this.#count(alert.id, delivery, sent);
          return sent;
        }
      }
    } finally {
      turns?.give();
    }
  }

  async #tell(alert: AlertRecord, { channel, event }: Delivery): Promise<Sent> {
    const { now, settings } = this.#deps;
    try {
      const to = this.#channels.get(channel);
      if (!to) return { kind: 'not_configured', reason: `there is no channel ${channel} here` };
      return await to.send({ event, alert, env: settings.ENVIRONMENT, now: now() });
    } catch (error) {
      return { kind: 'failed', reason: `${channel}: ${(error as Error).name}` };
    }
  }

  async #record(id: string, by: string, results: readonly Result[]): Promise<void> {
    await changeAlert(this.#deps, id, ({ lease, ...alert }) => {
      const deliveries = { ...alert.deliveries };
      for (const { delivery, sent } of results)
        deliveries[`${delivery.channel}:${delivery.event}`] = this.#after(
          deliveries[`${delivery.channel}:${delivery.event}`] ?? delivery,
          sent,
        );
      return { ...alert, deliveries, ...(lease && lease.by !== by && { lease }) };
    });
  }

  #after(delivery: Delivery, sent: Sent): Delivery {
    const now = this.#deps.now();
    const { error: _, ...before } = delivery;
    if (sent.kind === 'sent') return { ...before, state: 'sent', sentAt: now };
    const error = shortened(sent.reason, 300);
    if (sent.kind === 'not_configured') return { ...before, state: 'not_configured', error };
    const attempts = delivery.attempts + 1;
    if (delivery.state === 'superseded') return { ...before, attempts, error };
    if (attempts >= maxRounds) return { ...before, state: 'gave_up', attempts, error };
    const backoffMs = Math.min(60_000 * 2 ** (attempts - 1), maxBackoffMs);
    const nextAt = now + Math.min(Math.max(backoffMs, sent.retryAfterMs ?? 0), maxWaitMs);
    return { ...before, attempts, error, nextAt };
  }

  #count(alert: string, { channel, event, attempts }: Delivery, sent: Sent): void {
    if (sent.kind === 'sent') this.counted.sent += 1;
    if (sent.kind !== 'failed') return;
    this.counted.failed += 1;
    if (sent.isDown) this.#failures.set(channel, (this.#failures.get(channel) ?? 0) + 1);
    const isLast = attempts + 1 >= maxRounds;
    if (isLast) this.counted.gave_up += 1;
    this.#deps.log(
      isLast ? 'error' : 'warn',
      isLast ? 'an alert was not delivered and is given up' : 'an alert was not delivered yet',
      { alert, channel, event, attempt: attempts + 1, reason: sent.reason },
    );
  }
}
