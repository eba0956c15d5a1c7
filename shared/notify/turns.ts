/** Messages on their way to one channel: so many at once, and one after the other from when it first asks for patience. */
import { setTimeout as sleep } from 'node:timers/promises';

const atOnce = 8;
/** Of one run. A channel that wants more gets the rest from the next one: pages of other alerts wait behind it. */
const mostPausedMs = 20_000;

export class Turns {
  #free = atOnce;
  #isNarrow = false;
  #pausedMs = 0;
  /** Of the pause under way, by `performance.now()`. */
  #quietUntil = 0;
  readonly #waiting: (() => void)[] = [];
  /** Those who were sent away, before all others. */
  readonly #back: (() => void)[] = [];

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    this.#free += 1;
    if (this.#free <= 0) return;
    const next = this.#back.shift() ?? this.#waiting.shift();
    if (!next) return;
    this.#free -= 1;
    next();
  }

  /**
   * Waits as long as the channel asks for, and has everybody else wait as well: eight that come back at once are sent away again. Then it is
   * one's turn anew.
   *
   * @returns false where the channel asks for more than there is in this run
   */
  async pause(ms: number): Promise<boolean> {
    const now = performance.now();
    const more = Math.max(0, now + ms - Math.max(this.#quietUntil, now));
    if (this.#pausedMs + more > mostPausedMs) return false;
    this.#pausedMs += more;
    this.#quietUntil = Math.max(this.#quietUntil, now + ms);
    if (!this.#isNarrow) {
      this.#isNarrow = true;
      this.#free -= atOnce - 1;
    }
    await sleep(ms);
    if (this.#free < 0) {
      this.#free += 1;
      await new Promise<void>((resolve) => this.#back.push(resolve));
    }
    return true;
  }
}
