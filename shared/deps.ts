/** What every handler factory receives: the ports, the clock and the settings. Built once per process by each host. */
import type { Json } from './json.ts';
import type { Events } from './ports/events.ts';
import type { Objects } from './ports/objects.ts';
import type { Pipelines } from './ports/pipelines.ts';
import type { Table } from './ports/table.ts';
import type { Settings } from './settings.ts';
import type { TelemetryName } from './telemetry/telemetry.ts';

export interface Deps {
  /** Predictions and labels; its changes are the feed. */
  readonly predictions: Table;
  /** Registry, pointers, ledger, claims, report index. */
  readonly state: Table;
  readonly objects: Objects;
  readonly events: Events;
  readonly pipelines: Pipelines;
  /** The value of a secret, read when it is needed and kept nowhere; undefined when there is none of that name. */
  readonly secret: (name: string) => Promise<string | undefined>;
  /** What pii features are tokenised with; undefined where the deployment has no such key. Read once per process, on first use. */
  readonly piiKey: () => Promise<string | undefined>;
  readonly settings: Settings;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A fresh unguessable id, 22 or more characters of `[A-Za-z0-9-]`. */
  readonly newId: () => string;
  /** Stream time before which every record has been captured: granules that end by then may close. */
  readonly streamClosedBefore: () => Promise<number>;
  /** Last resort of the prediction log; must not throw. */
  readonly spool: (record: SpoolRecord) => void;
  /** Errors may stand in the detail as they are; what clients send may not. */
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, detail?: LogDetail) => void;
  /**
   * Adds to a metric of the deployment's own telemetry (CloudWatch on AWS, a debug line elsewhere), sent at the end of the invocation;
   * must not throw. To be called only when there is something to tell: a metric costs by the hour in which it is emitted.
   *
   * @param value in the metric's unit
   * @example deps.measure('LateRows', 3)
   */
  readonly measure: (name: TelemetryName, value: number) => void;
}

type LogDetail = Readonly<Record<string, Json | Error | undefined>>;

/** A put that the table refused to take; replaying it is a put-if-absent of the same key. */
export interface SpoolRecord {
  readonly pk: string;
  readonly sk: string;
  readonly value: Json;
  /** Unix seconds, as the put had it. */
  readonly expiresAt?: number;
}
