/** How a graph that was not made here is fed and read; found when it is registered, kept in its version's manifest. */
import * as z from 'zod';

/** Absent from a manifest, a graph is as `exportGbdt` writes it: one input per column, outputs told apart by type. */
export const servingSchema = z.strictObject({
  /** One wide input and the columns a row of it holds, in order; absent, each column goes to an input of its own. */
  matrix: z.strictObject({ input: z.string(), columns: z.array(z.string()).min(1).readonly() }).optional(),
  /** Input by column, where each column has its own. */
  inputs: z.record(z.string(), z.string()).optional(),
  /** The output with the numbers: `[N]` or `[N, 1]` of a regression, `[N, K]` of classes, `[N, 1]` of two classes. */
  scores: z.string(),
  /** The output with the label, if the graph has one. */
  label: z.string().optional(),
  /** Number of classes; a regression has none. Absent, one score per row without label or activation is a regression. */
  classes_count: z.number().int().min(2).optional(),
  /** Of each class of the schema, at which position the graph has its score; absent, the order is the same. */
  class_order: z.array(z.number().int().min(0)).readonly().optional(),
  /** What makes probabilities of the scores. */
  activation: z.enum(['none', 'softmax', 'sigmoid']).default('none'),
  /** The graph takes exactly so many rows at a time. */
  fixed_rows: z.number().int().positive().optional(),
  /** The output `[N, D]` that describes a row to monitoring: an image's embedding. */
  embedding: z.string().optional(),
});

export type Serving = z.infer<typeof servingSchema>;
