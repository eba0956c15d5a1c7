/** Whether a candidate may replace the champion: named gates, each with what it saw. Pure. */
import { constantOutputs, naiveAnswer, rowLosses } from '../evaluation/losses.ts';
import { pairedLowerBound } from '../evaluation/paired-bound.ts';
import type { ModelRecord, RetrainPolicy } from '../registry/model.ts';

export interface GateInput {
  readonly task: ModelRecord['task'];
  /** Per held-out row, the same rows in the same order. */
  readonly championLosses: ArrayLike<number>;
  readonly candidateLosses: ArrayLike<number>;
  readonly labels: readonly (number | string)[];
  /** What the candidate was trained on: the naive answer is learnt there too. */
  readonly trainingLabels: readonly (number | string)[];
  readonly policy: Pick<RetrainPolicy, 'alpha' | 'max_loss'>;
  readonly random: () => number;
}

export interface GateResult {
  readonly name: 'better_than_champion' | 'better_than_naive' | 'absolute_floor';
  readonly passed: boolean;
  readonly detail: string;
}

/**
 * A drift-triggered replacement must be better than the champion, and better than a model that looks at nothing: on labels that
 * no feature explains, "predict the mean" beats any champion, and must not be promoted for it.
 */
export function judgeGates(input: GateInput): readonly GateResult[] {
  const { task, labels, policy } = input;
  const naive = naiveAnswer(task, input.trainingLabels);
  const naiveLosses = rowLosses(constantOutputs(task, naive, labels.length), labels);
  const gates = [
    compare('better_than_champion', 'the champion', input.championLosses, input),
    compare('better_than_naive', `always answering ${shown(naive)}`, naiveLosses, input),
  ];
  if (policy.max_loss !== undefined) gates.push(floor(input, policy.max_loss));
  return gates;
}

function compare(
  name: GateResult['name'],
  than: string,
  reference: ArrayLike<number>,
  { candidateLosses, policy, random, task }: GateInput,
): GateResult {
  const bound = pairedLowerBound(reference, candidateLosses, policy.alpha, random);
  const unit = task === 'regression' ? 'mean squared error' : 'error rate';
  const relation = bound.lower > 0 ? 'better than' : 'not proven better than';
  return {
    name,
    passed: bound.lower > 0,
    detail: `${relation} ${than}: ${unit} lower by ${shown(bound.estimate)}, at least ${shown(bound.lower)} (one-sided ${100 * (1 - policy.alpha)} % bound, ${bound.rows} rows)`,
  };
}

function floor({ candidateLosses, task }: GateInput, maxLoss: number): GateResult {
  let sum = 0;
  for (let row = 0; row < candidateLosses.length; row++) sum += candidateLosses[row]!;
  const mean = sum / candidateLosses.length;
  const figure = task === 'regression' ? Math.sqrt(mean) : mean;
  const name = task === 'regression' ? 'RMSE' : 'error rate';
  return {
    name: 'absolute_floor',
    passed: figure <= maxLoss,
    detail: `${name} ${shown(figure)}, at most ${shown(maxLoss)} is allowed`,
  };
}

function shown(value: number | string): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : JSON.stringify(value);
}
