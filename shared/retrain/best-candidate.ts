/** All candidates of a run in one process: search, fits, and the one with the smallest validation loss. */
import { InvalidDataError } from '../errors.ts';
import type { ModelRecord } from '../registry/model.ts';
import { blockFolds } from '../training/folds.ts';
import { TrainingDataError } from '../training/training-target.ts';
import type { TreeThreads } from '../training/tree-threads.ts';
import {
  assemble,
  type Candidate,
  type CandidateName,
  type CandidateRows,
  candidateNames,
  trainCandidate,
} from './candidates.ts';
import { foldLosses, searchFolds, settingFrom } from './search.ts';

export interface BestCandidate {
  readonly name: CandidateName;
  readonly candidate: Candidate;
}

/** @throws InvalidDataError with each candidate's reason when none can be fitted */
export function bestCandidate(
  model: Pick<ModelRecord, 'name' | 'schema' | 'retrain'>,
  rows: CandidateRows,
  { threads, say }: { readonly threads?: TreeThreads; readonly say: (text: string) => void },
): BestCandidate {
  const { trainer } = model.retrain;
  const folds = searchFolds(model.retrain.search_folds, rows.recent.length);
  const more = threads ? { threads } : {};
  const searched = folds === 0 ? undefined : assemble('recent', model.schema, { ...rows, baseline: [] });
  const search = searched
    ? blockFolds(rows.recent.length, folds).map((fold) => ({
        losses: foldLosses(searched, fold, trainer, { seed: 1, ...more }),
      }))
    : [];
  const setting = settingFrom(search);
  if (searched) say(`setting ${setting + 1} of ${search[0]?.losses.length}`);
  const reasons: string[] = [];
  let best: BestCandidate | undefined;
  for (const name of candidateNames) {
    try {
      const metadata = { model: model.name, candidate: name };
      const candidate = trainCandidate(name, model.schema, rows, metadata, {
        trainer,
        seed: 1,
        setting,
        ...more,
      });
      say(`${name}: validation loss ${candidate.validationLoss}`);
      if (!best || candidate.validationLoss < best.candidate.validationLoss) best = { name, candidate };
    } catch (error) {
      if (!(error instanceof TrainingDataError || error instanceof InvalidDataError)) throw error;
      reasons.push(`${name}: ${error.message}`);
    }
  }
  if (!best) throw new InvalidDataError(`no candidate could be trained: ${reasons.join('; ')}`);
  return best;
}
