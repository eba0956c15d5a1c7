/** The retrain pipeline of a model: the run under way and its steps, the cooldown. */
import type { Deps } from '../deps.ts';
import { stateKeys } from '../registry/keys.ts';
import type { Cooldown, Lease } from '../registry/run.ts';
import type { RetrainFigures } from './figures.ts';

type RetrainDeps = Pick<Deps, 'state' | 'pipelines' | 'now' | 'log'>;

export async function readRetrain(
  deps: RetrainDeps,
  model: string,
): Promise<Omit<RetrainFigures, 'lastRun'>> {
  const [leased, cooling] = await Promise.all([
    deps.state.get(stateKeys.lease(model)),
    deps.state.get(stateKeys.cooldown(model)),
  ]);
  const lease = leased?.value as unknown as Lease | undefined;
  const until = (cooling?.value as unknown as Cooldown | undefined)?.until ?? 0;
  return {
    startedAt: lease?.startedAt ?? null,
    stages: lease ? await stagesOf(deps, lease) : [],
    cooldownMs: Math.max(0, until - deps.now()),
  };
}

/** Steps of the machine itself; what runs within a Map or a Parallel is that step. */
async function stagesOf(deps: RetrainDeps, { execution }: Lease): Promise<readonly string[]> {
  try {
    const found = await deps.pipelines.describe(execution);
    const running = (found?.stages ?? []).filter(({ status }) => status === 'running');
    return [...new Set(running.map(({ name }) => name.split(/[[.]/)[0]!))];
  } catch (error) {
    // figures without a stage are worth more than none
    deps.log('warn', 'the steps of a run cannot be read', { execution, error: String(error) });
    return [];
  }
}
