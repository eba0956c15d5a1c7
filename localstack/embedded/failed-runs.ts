/** Runs that ended badly give their lease back: told as they end, or at the next start when a kill came between. */
import { type FunctionName, type MachineName, machines } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import type { Execution } from '#shared/ports/pipelines.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { listModels } from '#shared/registry/registry.ts';

type Release = (name: FunctionName, event: unknown) => Promise<unknown>;

/** As the rule on Step Functions' status changes does on AWS: the machine's `onFailure`, for an end that is none of its states'. */
export async function releaseFailed(execution: Execution, invoke: Release, log: Deps['log']): Promise<void> {
  const { id, status } = execution;
  if (status !== 'FAILED' && status !== 'TIMED_OUT' && status !== 'ABORTED') return;
  const detail = {
    executionArn: id,
    status,
    input: JSON.stringify(execution.input),
    cause: execution.error?.cause ?? null,
  };
  try {
    const { onFailure } = machines[execution.machine as MachineName];
    await invoke(onFailure, { source: 'aws.states', detail });
  } catch (error) {
    log('error', 'a failed run could not be released', { execution: id, error: String(error) });
  }
}

/** For every lease whose run had ended when the host was killed. Releasing is idempotent; what fails is logged. */
export async function releaseLeftLeases(
  deps: Pick<Deps, 'state' | 'pipelines' | 'log'>,
  invoke: Release,
): Promise<void> {
  for (const model of await listModels(deps)) {
    const lease = await deps.state.get(stateKeys.lease(model.name));
    if (!lease) continue;
    const execution = await deps.pipelines.describe((lease.value as { execution: string }).execution);
    if (execution) await releaseFailed(execution, invoke, deps.log);
  }
}
