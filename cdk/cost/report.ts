// Everything the calculator says of one deployment and workload, as data: the bill, the idle bill, switches and break-even points.
import { type Bill, type BilledLine, billOf, breakEven } from './bill.ts';
import { cheapestEndpoint, type Endpoint } from './endpoint.ts';
import type { Inventory } from './inventory.ts';
import type { PriceFile } from './prices.ts';
import { chargesOf, type Front, fronts } from './usage.ts';
import type { Workload } from './workload.ts';

export interface CostReport {
  readonly stage: string;
  readonly prices: { readonly date: string; readonly region: string; readonly free_tier: boolean };
  readonly workload: Workload;
  readonly total_usd: number;
  readonly by_component: Bill['byComponent'];
  readonly lines: readonly BilledLine[];
  /** One model that nobody asks. */
  readonly idle: { readonly total_usd: number; readonly lines: readonly BilledLine[] };
  /** The same month with one thing changed. */
  readonly switches: readonly { readonly what: string; readonly total_usd: number }[];
  readonly endpoint: { readonly one: Endpoint; readonly two: Endpoint };
  /** Predictions a month from which on an endpoint costs less; null where it never does. */
  readonly break_even: readonly {
    readonly front: Front;
    readonly one_machine: number | null;
    readonly two_machines: number | null;
    readonly two_m5_large: number | null;
  }[];
  /** Predictions a month from which on API Gateway is over half of the bill; null where it never is. */
  readonly api_gateway_dominates_from: number | null;
  readonly unconfirmed: readonly { readonly what: string; readonly note: string | null }[];
  readonly unpriced: Inventory['unpriced'];
}

export interface ReportInput {
  readonly stage: string;
  readonly inventory: Inventory;
  readonly work: Workload;
  readonly prices: PriceFile;
  readonly isFreeTier: boolean;
}

export function costReport({ stage, inventory, work, prices, isFreeTier }: ReportInput): CostReport {
  const deployed = inventory.api.front;
  const bill = (month: Workload, front: Front = deployed, settings: Inventory = inventory): Bill =>
    billOf(chargesOf(settings, month, front), prices, isFreeTier);
  const at = (predictions: number): Workload => ({ ...work, predictions });
  const now = bill(work);
  const idle = bill({ ...work, predictions: 0, models: 1, retrains: 0 });
  return {
    stage,
    prices: { date: prices.date, region: prices.region, free_tier: isFreeTier },
    workload: work,
    total_usd: now.usd,
    by_component: now.byComponent,
    lines: now.lines,
    idle: { total_usd: idle.usd, lines: idle.lines },
    switches: [
      deployed === 'rest'
        ? { what: 'HTTP API instead of REST API', total_usd: bill(work, 'http').usd }
        : { what: 'REST API instead of HTTP API', total_usd: bill(work, 'rest').usd },
      { what: 'function URL instead of API Gateway', total_usd: bill(work, 'function-url').usd },
      { what: '100 rows a request', total_usd: bill({ ...work, rowsPerRequest: 100 }).usd },
      { what: 'no X-Ray tracing', total_usd: bill(work, deployed, untraced(inventory)).usd },
      { what: 'no detailed API metrics', total_usd: bill(work, deployed, withoutDetail(inventory)).usd },
    ],
    endpoint: { one: cheapestEndpoint(work, prices, 1), two: cheapestEndpoint(work, prices, 2) },
    break_even: fronts.map((front) => {
      const against = (least: 1 | 2, only?: 'ml.m5.large') =>
        breakEven(
          (volume) => bill(at(volume), front).usd,
          (volume) => cheapestEndpoint(at(volume), prices, least, only).usd,
        ) ?? null;
      return {
        front,
        one_machine: against(1),
        two_machines: against(2),
        two_m5_large: against(2, 'ml.m5.large'),
      };
    }),
    api_gateway_dominates_from:
      breakEven(
        (volume) => 2 * bill(at(volume)).byComponent['API Gateway'],
        (volume) => bill(at(volume)).usd,
      ) ?? null,
    unconfirmed: Object.values(prices.items)
      .filter(({ confirmed }) => !confirmed)
      .map(({ what, note }) => ({ what, note: note ?? null })),
    unpriced: inventory.unpriced,
  };
}

function untraced(inventory: Inventory): Inventory {
  const functions = Object.entries(inventory.functions).map(
    ([name, settings]) => [name, { ...settings, isTraced: false }] as const,
  );
  return {
    ...inventory,
    api: { ...inventory.api, isTraced: false },
    functions: Object.fromEntries(functions),
  };
}

const withoutDetail = (inventory: Inventory): Inventory => ({
  ...inventory,
  api: { ...inventory.api, hasDetailedMetrics: false },
});
