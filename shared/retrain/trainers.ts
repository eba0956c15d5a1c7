/** The trainers a model can be fitted with, each one value: how it fits, predicts and becomes an ONNX file. */
import { exportForest } from '../onnx/export-forest.ts';
import { exportGbdt } from '../onnx/export-gbdt.ts';
import { exportNetwork } from '../onnx/export-network.ts';
import type { Columns } from '../schema/columns.ts';
import { type ForestModel, fitForest, predictForest } from '../training/forest.ts';
import { fitGbdt, type GbdtModel, predictGbdt } from '../training/gbdt.ts';
import { fitNetwork, type NetworkModel, predictNetwork } from '../training/network.ts';
import type { TrainerKind } from '../training/trainer-kind.ts';
import type { TrainingTarget } from '../training/training-target.ts';
import { importance } from '../training/tree-importance.ts';
import type { TreeThreads } from '../training/tree-threads.ts';

export type TrainedModel = GbdtModel | ForestModel | NetworkModel;

/** Hyper-parameters by name, as JSON. */
export type TrainerSettings = Readonly<Record<string, number | readonly number[]>>;

interface FitRequest {
  readonly settings: TrainerSettings;
  /** Rounds, trees or epochs; with `validation` the most of them. */
  readonly rounds?: number;
  readonly weights?: Float32Array;
  /** Rows that decide how many rounds are best. */
  readonly validation?: { readonly data: Columns; readonly target: TrainingTarget };
  readonly seed: number;
  readonly threads?: TreeThreads;
  readonly onRound?: (done: number, total: number) => void;
}

export interface Trainer<Model> {
  /** What a search tries for so many rows; the first is the default. */
  readonly settings: (rows: number) => readonly TrainerSettings[];
  readonly fit: (data: Columns, target: TrainingTarget, request: FitRequest) => Model;
  /** Rows × outputs: a value, or one probability per class. */
  readonly predict: (model: Model, data: Columns) => Float32Array;
  readonly toOnnx: (model: Model, metadata: Readonly<Record<string, string>>) => Uint8Array;
  /** Shares by column, largest first; empty where the trainer knows none. */
  readonly importance: (model: Model) => { readonly name: string; readonly share: number }[];
  /** Rounds, trees or epochs it was fitted with. */
  readonly rounds: (model: Model) => number;
  /** Validation rows find how many are best; otherwise a fit with them is one to be measured only. */
  readonly isSized: boolean;
}

const gbdt: Trainer<GbdtModel> = {
  /** Leaves of 20 rows are right for thousands of rows and too coarse for a few hundred. */
  settings(rows) {
    const minRowsPerLeaf = Math.min(20, Math.max(3, Math.round(rows / 200)));
    const maxLeaves = rows < 1000 ? 15 : 31;
    return [
      { maxLeaves, minRowsPerLeaf },
      { maxLeaves: Math.ceil(maxLeaves / 2), minRowsPerLeaf: 2 * minRowsPerLeaf },
      { maxLeaves: 2 * maxLeaves + 1, minRowsPerLeaf },
      { maxLeaves, minRowsPerLeaf, learningRate: 0.05 },
      { maxLeaves, minRowsPerLeaf, rowShare: 0.8, columnShare: 0.8 },
    ];
  },
  fit: (data, target, { settings, rounds = mostRounds(target), ...rest }) =>
    fitGbdt(data, target, { ...settings, ...rest, rounds, earlyStoppingRounds: 15 }),
  predict: predictGbdt,
  toOnnx: exportGbdt,
  importance,
  rounds: (model) => model.trees.length / model.baseValues.length,
  isSized: true,
};

/** With more than two classes a round is as many trees. */
function mostRounds(target: TrainingTarget): number {
  return target.task === 'classification' && target.classes.length > 2 ? 200 : 500;
}

/** A few trees tell forests apart as well as many do; the one that is kept has all. */
const TREES = { measured: 30, kept: 100 };

const forest: Trainer<ForestModel> = {
  settings: () => [{}, { minRowsPerLeaf: 2 }, { minRowsPerLeaf: 10 }, { columnShare: 0.5 }],
  fit: (data, target, { settings, rounds, validation, weights, seed, onRound }) =>
    fitForest(data, target, {
      ...settings,
      trees: rounds ?? (validation ? TREES.measured : TREES.kept),
      seed,
      ...(weights ? { weights } : {}),
      ...(onRound ? { onTree: onRound } : {}),
    }),
  predict: predictForest,
  toOnnx: exportForest,
  importance,
  rounds: (model) => model.trees.length,
  isSized: false,
};

const network: Trainer<NetworkModel> = {
  settings: () => [{}, { hidden: [] }, { hidden: [128, 64] }, { hidden: [32], l2: 1e-3 }],
  fit: (data, target, { settings, rounds, weights, validation, seed, onRound }) =>
    fitNetwork(data, target, {
      ...settings,
      seed,
      ...(rounds === undefined ? {} : { epochs: rounds }),
      ...(weights ? { weights } : {}),
      ...(validation ? { validation } : {}),
      ...(onRound ? { onRound } : {}),
    }),
  predict: predictNetwork,
  toOnnx: exportNetwork,
  importance: () => [],
  rounds: (model) => model.epochs,
  isSized: true,
};

const trainers = { gbdt, forest, network } as const;

/** The trainer by name; what it fits is only ever given back to it. */
export function trainerNamed(kind: TrainerKind): Trainer<TrainedModel> {
  return trainers[kind] as unknown as Trainer<TrainedModel>;
}

/** The trainer that fitted a model. */
export function trainerOf(model: TrainedModel): Trainer<TrainedModel> {
  return trainerNamed(model.kind);
}
