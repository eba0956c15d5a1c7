/** What is announced of a version that was trained elsewhere: two files and what its graph does not say itself. */
import * as z from 'zod';
import { servingSchema } from '../onnx/serving.ts';

/** A graph is loaded whole, by the trial and by every predictor. */
export const MAX_ONNX_BYTES = 200_000_000;
/** Compressed. */
export const MAX_BASELINE_BYTES = 50_000_000;
/** Rows fewer than this say too little of what a model will meet. */
export const MIN_BASELINE_ROWS = 50;
export const MAX_BASELINE_ROWS = 100_000;
/** A trial runs them one by one where the graph takes no more: minutes of a large network. */
export const MAX_BASELINE_IMAGES = 2000;

const file = (maxBytes: number) =>
  z.strictObject({
    /** Hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits are expected'),
    bytes: z.number().int().min(1).max(maxBytes),
  });

export const uploadFilesSchema = z.strictObject({
  onnx: file(MAX_ONNX_BYTES),
  /** Lines of `{"features": {…}, "label": …}`, the label where it is known; of an image its base64. */
  baseline: file(MAX_BASELINE_BYTES).extend({ format: z.literal('ndjson.gz') }),
});

/** How the outputs are to be read, where the graph leaves it open. */
export const servingHintsSchema = z.strictObject({
  /** What makes probabilities of the scores; found out where the graph says it. */
  activation: servingSchema.shape.activation.removeDefault().optional(),
  /** Outputs by name. */
  outputs: z
    .strictObject({
      scores: z.string().min(1).optional(),
      label: z.string().min(1).optional(),
      embedding: z.string().min(1).optional(),
    })
    .optional(),
});

export type UploadFiles = z.infer<typeof uploadFilesSchema>;
export type ServingHints = z.infer<typeof servingHintsSchema>;

export interface Upload extends ServingHints {
  readonly id: string;
  readonly files: UploadFiles;
  readonly actor: string;
  readonly on_behalf_of?: string;
  readonly reason: string;
  /** The caller has sent both files. */
  readonly completed_at?: string;
  /** Trials begun that have not ended with an answer, and when the last of them began. */
  readonly trials?: number;
  readonly trial_started_at?: string;
  /** The event that began it. */
  readonly trial_event?: string;
}

/** Names of the two files below the upload's prefix. */
export const uploadFile = { onnx: 'model.onnx', baseline: 'baseline.ndjson.gz' } as const;
