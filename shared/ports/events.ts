/** Domain events: how one stage tells the next. At least once, in no promised order. */
import type { Json } from '../json.ts';

export interface DomainEvent {
  /** e.g. `DriftConfirmed`; the subscriptions in `shared/api/surface.ts` are keyed by it. */
  readonly type: string;
  readonly detail: { readonly [key: string]: Json };
}

export interface Events {
  publish(event: DomainEvent): Promise<void>;
}
