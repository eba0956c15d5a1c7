/** A fitted candidate as files and a record: what training leaves for the parity step, wherever it ran. */
import { serialize } from 'node:v8';
import * as z from 'zod';
import { trainerKinds } from '../training/trainer-kind.ts';
import type { Candidate, CandidateName } from './candidates.ts';

export const trainedRecordSchema = z.object({
  candidate: z.string(),
  status: z.literal('trained'),
  trainer: z.enum(trainerKinds),
  settings: z.record(z.string(), z.union([z.number(), z.array(z.number())])),
  rows: z.number(),
  rounds: z.number(),
  validation_loss: z.number(),
});

export type TrainedRecord = z.infer<typeof trainedRecordSchema>;

export function trainedCandidate(
  candidate: CandidateName,
  { model, settings, onnx, rows, rounds, validationLoss }: Candidate,
): { readonly record: TrainedRecord; readonly files: Readonly<Record<string, Uint8Array>> } {
  return {
    record: {
      candidate,
      status: 'trained',
      trainer: model.kind,
      settings: settings as TrainedRecord['settings'],
      rows,
      rounds,
      validation_loss: validationLoss,
    },
    files: { 'model.onnx': onnx, 'trainer.bin': serialize(model) },
  };
}
