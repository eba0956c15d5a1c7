/** `metrics.json` of a trained model: the held-out figures on top, and what they are made of below. */
import type { TrainedSet } from './train-set.ts';

/** Plain JSON; top-level numbers are the manifest's metrics. */
export function metricsFile({ manifest, evaluation, search, leaks }: TrainedSet): Record<string, unknown> {
  return {
    ...manifest.metrics,
    model: manifest.model,
    version: manifest.version,
    trainer: manifest.trainer,
    snapshot: manifest.snapshot,
    importance: manifest.importance,
    leak_suspects: leaks,
    ...(search ? { search } : {}),
    evaluation,
  };
}
