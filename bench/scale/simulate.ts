/** One volume: its day of batches, a mean and the busiest granule through the real functions, and a day's window. */
import { seededRandom } from '#shared/random.ts';
import { assumed } from '../../cdk/cost/assumptions.ts';
import { type Batches, DAY_SECONDS, leastShards, shardWrites, simulateDay } from './arrivals.ts';
import {
  type Captured,
  captureBatches,
  type Judged,
  judgeDay,
  openWorld,
  type RolledUp,
  rebuildGranule,
  repeatPartials,
  rollUp,
} from './feed-functions.ts';

export interface Plan {
  readonly perDay: number;
  readonly labelShare: number;
  readonly granuleMs: number;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Batches of a granule that go through capture; further partials are these again. */
  readonly fullBatches: number;
}

export interface Simulated extends Plan {
  readonly shards: number;
  readonly captured: Captured;
  readonly day: Batches;
  readonly rollUps: { readonly mean: RolledUp; readonly busiest: RolledUp };
  readonly rebuild: RolledUp;
  readonly judged: Judged;
}

export async function simulate(plan: Plan): Promise<Simulated> {
  const { perDay, labelShare, granuleMs, batchSize, windowSeconds } = plan;
  const recordsPerSecond = (perDay * (1 + labelShare)) / DAY_SECONDS;
  const shards = Math.max(leastShards, Math.ceil((recordsPerSecond * assumed.peakFactor) / shardWrites));
  const typical = Math.min(batchSize, Math.ceil((recordsPerSecond / shards) * windowSeconds));
  const captured = await captureOf(plan, typical);
  const perBatch = captured.seconds / captured.batches;
  const day = simulateDay({
    recordsPerSecond,
    shards,
    batchSize,
    windowSeconds,
    recordBytes: captured.recordBytes,
    // a short batch waits as long for the stores: only its CPU time is less
    captureSeconds: (records) =>
      perBatch - (captured.cpuSeconds / captured.batches) * (1 - records / typical),
    granuleSeconds: granuleMs / 1000,
    random: seededRandom(perDay % 1e9),
  });
  const meanPartials = Math.max(1, Math.round(day.partials / day.partialsPerGranule.length));
  const mean = await granuleOf(plan, typical, meanPartials);
  const busiest = await granuleOf(plan, typical, Math.max(...day.partialsPerGranule));
  return {
    ...plan,
    shards,
    captured,
    day,
    rollUps: { mean: mean.rolledUp, busiest: busiest.rolledUp },
    rebuild: await rebuildOf(plan, typical),
    judged: await judgeDay(mean.world),
  };
}

async function captureOf({ granuleMs, labelShare, fullBatches }: Plan, records: number): Promise<Captured> {
  const world = await openWorld(granuleMs);
  // once for the compiler
  await captureBatches(world, { batches: 5, records, labelShare });
  return captureBatches(world, { batches: fullBatches, records, labelShare });
}

async function granuleOf({ granuleMs, labelShare, fullBatches }: Plan, records: number, partials: number) {
  const world = await openWorld(granuleMs);
  await captureBatches(world, { batches: Math.min(partials, fullBatches), records, labelShare });
  await repeatPartials(world, partials);
  return { world, rolledUp: await rollUp(world) };
}

async function rebuildOf({ granuleMs, labelShare, fullBatches }: Plan, records: number): Promise<RolledUp> {
  const world = await openWorld(granuleMs);
  await captureBatches(world, { batches: fullBatches, records, labelShare });
  return rebuildGranule(world);
}
