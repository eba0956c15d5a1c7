/** CPU, time and memory of one call, and what a function of a Lambda's size would make of them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Memory that comes with one whole virtual CPU; less comes with its share. */
const oneCpuMb = 1769;

export interface Metered<T> {
  readonly answer: T;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The most that memory grew over where it stood before: not yet collected garbage included. */
  readonly grewBytes: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

export async function metered<T>(call: () => Promise<T>): Promise<Metered<T>> {
  collectGarbage();
  const memory = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = memory();
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, memory());
  }, 10);
  const cpu = process.cpuUsage();
  const started = performance.now();
  try {
    const answer = await call();
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    most = Math.max(most, memory());
    return { answer, seconds, cpuSeconds: (user + system) / 1e6, grewBytes: most - before };
  } finally {
    clearInterval(sampling);
  }
}

/**
 * What took so long here, on a function of that memory: its CPU time at the share of a CPU it has, and its waiting as it was.
 *
 * @example onLambda({ seconds: 3, cpuSeconds: 1 }, 1024) // 3.73
 */
export function onLambda(
  { seconds, cpuSeconds }: Pick<Metered<unknown>, 'seconds' | 'cpuSeconds'>,
  memoryMb: number,
): number {
  return seconds + cpuSeconds * Math.max(0, oneCpuMb / memoryMb - 1);
}
