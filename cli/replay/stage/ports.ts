/** What a replay needs of a deployment: narrow enough to be played by a test. */
import type { FunctionName } from '#shared/api/surface.ts';
import type { Objects } from '#shared/ports/objects.ts';
import type { Pipelines } from '#shared/ports/pipelines.ts';
import type { Table } from '#shared/ports/table.ts';
import type { Message } from './letter.ts';

export type Invoked = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface Received extends Message {
  /** Of this receipt. */
  readonly receipt: string;
}

export interface Queue {
  readonly name: string;
  /** One message, hidden from other readers for longer than any function runs; undefined when there is none. */
  receive(): Promise<Received | undefined>;
  delete(message: Received): Promise<void>;
  /** Shows it to other readers again. */
  release(message: Received): Promise<void>;
}

export interface LogLine {
  readonly where: string;
  readonly message: string;
}

export interface Deployment {
  readonly stage: string;
  readonly predictions: Table;
  readonly state: Table;
  readonly objects: Objects;
  readonly pipelines: Pick<Pipelines, 'start'>;
  /** Waits for its end. A refusal by the service or an error of the function is a value; a fault of the caller throws. */
  readonly invoke: (fn: FunctionName, payload: unknown) => Promise<Invoked>;
  /** Those that exist. */
  readonly deadLetters: () => Promise<readonly Queue[]>;
  /** Lines of spooled records, oldest first in each log. @param sinceMs Unix milliseconds, as `untilMs` */
  readonly spoolLines: (sinceMs: number, untilMs: number) => AsyncIterable<LogLine>;
}

export interface ReplayOptions {
  /** Looks only. */
  readonly isDry: boolean;
  /** Told of each piece that is done. */
  readonly progress: (text: string) => void;
}
