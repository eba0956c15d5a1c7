/** Requests, latency, classes and confidence of a model from its counters; 0 for what has not happened, so that the first time is seen. */
import type { Counters } from '../capture/rollup.ts';
import { totalOf } from '../capture/served.ts';
import type { ModelRecord } from '../registry/model.ts';
import { MAX_CLASSES, namesOf, OTHER_CLASS, shortClass } from './class-names.ts';
import type { ModelFigures } from './figures.ts';
import { confidenceBuckets, durationBuckets, emptyHistogram } from './histogram.ts';

/** What the predict function answers instead of a prediction. */
const failureStatuses = [400, 409, 413, 415, 422, 500, 503];

type RequestFigures = Pick<ModelFigures, 'requests' | 'failures' | 'durations' | 'classes' | 'confidences'>;

export function requestFigures({ task, schema }: ModelRecord, counters: Counters): RequestFigures {
  const sumOf = (isMeant: (status: number) => boolean) =>
    Object.entries(counters.outcomes).reduce(
      (sum, [status, count]) => (isMeant(Number(status)) ? sum + count : sum),
      0,
    );
  const isOfClasses = task !== 'regression';
  const uncounted = (schema.target.classes ?? [])
    .map(shortClass)
    .filter((name) => !Object.hasOwn(counters.classes ?? {}, name));
  const room = MAX_CLASSES - namesOf(counters.classes ?? {}).length;
  const shown = isOfClasses ? [...uncounted.slice(0, Math.max(0, room)), OTHER_CLASS] : [];
  return {
    requests: {
      answered: counters.answered ?? totalOf(counters.predictions),
      refused: sumOf((status) => status < 500),
      failed: sumOf((status) => status >= 500),
    },
    failures: { ...zeros(failureStatuses.map(String)), ...counters.outcomes },
    durations: counters.durations ?? emptyHistogram(durationBuckets),
    classes: { ...zeros(shown), ...counters.classes },
    confidences: isOfClasses ? (counters.confidences ?? emptyHistogram(confidenceBuckets)) : null,
  };
}

function zeros(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}
