/** Every ten minutes: what the day of the canary has come to: rows to be written, or a drift that should have been noticed by now. */
import { firstDay, nextStep, withWritten } from '#shared/canary/day.ts';
import { injectPhase, rowsPerPhase } from '#shared/canary/inject.ts';
import { judgeDay } from '#shared/canary/judge.ts';
import { canaryHourMs, ensureCanary } from '#shared/canary/model.ts';
import { canaryModel } from '#shared/canary/names.ts';
import { changeCanary, readCanary } from '#shared/canary/state.ts';
import type { Deps } from '#shared/deps.ts';

export interface CanaryResult {
  readonly did: 'nothing' | 'began' | 'wrote' | 'failed to write' | 'judged';
  readonly detail?: string;
}

/** Any number may run at once: rows have names, and the day is changed by compare and swap. */
export function createCanaryHandler(deps: Deps): () => Promise<CanaryResult> {
  return async () => {
    if (deps.settings.CANARY === 'off') return { did: 'nothing', detail: 'CANARY is off' };
    if (!(await ensureCanary(deps))) {
      deps.log('error', 'a model of the canary’s name is somebody else’s: nothing is injected', {
        model: canaryModel,
      });
      return { did: 'nothing', detail: `a model named "${canaryModel}" is not the canary` };
    }
    const hourMs = canaryHourMs(deps.settings);
    const state = await readCanary(deps);
    const step = nextStep(state, deps.now(), hourMs);
    if (step.kind === 'begin') {
      const day = firstDay(deps.now(), hourMs);
      // what was missed stays so until a drift is noticed
      const { missedSince } = state ?? {};
      const first = { ...day, ...(missedSince !== undefined && { missedSince }) };
      await changeCanary(deps, (now) =>
        nextStep(now, deps.now(), hourMs).kind === 'begin' ? first : undefined,
      );
      // the alarm on a day without it counts from here
      deps.measure('CanaryNoticed', 1);
      deps.log('info', 'the canary begins with the next window', { reason: step.reason });
      return { did: 'began', detail: step.reason };
    }
    if (!state || step.kind === 'wait') return { did: 'nothing' };
    if (step.kind === 'judge') return { did: 'judged', detail: await judgeDay(deps, state) };
    const { phase, until } = step;
    const rows = await injectPhase(deps, state.day, phase, until);
    if (rows < rowsPerPhase) {
      deps.log('error', 'the canary could not write all rows of a phase; it tries again within the hour', {
        phase,
        rows,
      });
      return { did: 'failed to write', detail: phase };
    }
    const { startsAt } = state.day;
    await changeCanary(deps, (current) => current && withWritten(current, startsAt, phase));
    return { did: 'wrote', detail: phase };
  };
}
