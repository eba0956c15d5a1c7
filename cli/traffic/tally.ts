/** What a load test has counted so far: answers by kind, their latencies, the first words of what went wrong. */
import { Latencies, type LatencySummary } from './latency.ts';
import type { Reply } from './sender.ts';

export interface Counts {
  readonly ok: number;
  /** By status; `200 with refused rows` of a batch. */
  readonly refused: Readonly<Record<string, number>>;
  /** No whole answer came. */
  readonly errors: number;
  /** Answered, with the prediction in the spool because the table did not take it. */
  readonly spooled: number;
  readonly latency: LatencySummary;
}

const MOST_TEXTS = 5;
const MOST_TEXT = 300;

export class Tally {
  readonly #refused = new Map<string, number>();
  readonly #latencies = new Latencies();
  readonly #texts: string[];
  #ok = 0;
  #errors = 0;
  #spooled = 0;

  /** @param texts where first error texts go; several tallies may share it */
  constructor(texts: string[]) {
    this.#texts = texts;
  }

  /** @returns whether it was answered in full */
  add(reply: Reply, latencyMs: number): boolean {
    if (reply.kind === 'failed') {
      this.#errors += 1;
      this.#tell(reply.reason);
      return false;
    }
    this.#latencies.add(latencyMs);
    if (reply.headers['tidemark-logged'] === 'false') this.#spooled += 1;
    const refusal = refusalIn(reply);
    if (refusal === undefined) {
      this.#ok += 1;
      return true;
    }
    this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
    this.#tell(`${refusal}: ${reply.body}`);
    return false;
  }

  get answered(): number {
    return this.#latencies.summary().count;
  }

  get failed(): number {
    return this.answered - this.#ok + this.#errors;
  }

  counts(): Counts {
    const refused = Object.fromEntries([...this.#refused].sort(([a], [b]) => a.localeCompare(b)));
    const latency = this.#latencies.summary();
    return { ok: this.#ok, refused, errors: this.#errors, spooled: this.#spooled, latency };
  }

  #tell(text: string): void {
    const short = text.slice(0, MOST_TEXT);
    if (this.#texts.length < MOST_TEXTS && !this.#texts.includes(short)) this.#texts.push(short);
  }
}

/** A batch, or a list of labels, is answered 200 with what was refused inside it. */
function refusalIn({ status, body }: Reply & { readonly kind: 'answered' }): string | undefined {
  if (status < 200 || status > 299) return String(status);
  return body.includes('"error":') ? `${status} with refused rows` : undefined;
}
