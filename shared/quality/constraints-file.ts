/** The constraints file: what a column may hold, suggested from a profile, reviewed and kept by a person. */

import * as z from 'zod';

const share = z.number().min(0).max(1);

const numericConstraints = z.strictObject({
  kind: z.literal('numeric'),
  min: z.number().optional(),
  max: z.number().optional(),
  /** A person confirmed that values beyond cannot exist: one is a hard finding. Always false when suggested. */
  physical: z.boolean().optional(),
  /** Whole numbers only. */
  integer: z.boolean().optional(),
  non_negative: z.boolean().optional(),
  max_missing: share,
  /** Share of rows that hold something that is not a number. */
  max_invalid: share,
  note: z.string().optional(),
});

const categoricalConstraints = z.strictObject({
  kind: z.literal('categorical'),
  max_missing: share,
  values: z.array(z.string()).optional(),
  /** Share of rows in none of `values`. */
  max_unseen: share,
  note: z.string().optional(),
});

/** Read a file back with `constraintsFileSchema.parse(JSON.parse(text))`: an unknown key is an error, not a silence. */
export const constraintsFileSchema = z.strictObject({
  format: z.literal(1),
  /** Rows the suggestion was made from; how far chance may go beyond it depends on them. */
  rows: z.number().int().min(0),
  columns: z.record(
    z.string(),
    z
      .discriminatedUnion('kind', [numericConstraints, categoricalConstraints])
      .refine(
        (column) =>
          column.kind !== 'numeric' ||
          (column.min ?? Number.NEGATIVE_INFINITY) <= (column.max ?? Number.POSITIVE_INFINITY),
        {
          error: 'min must not be above max',
        },
      ),
  ),
});

export type ConstraintsFile = z.infer<typeof constraintsFileSchema>;
export type NumericConstraints = z.infer<typeof numericConstraints>;
export type CategoricalConstraints = z.infer<typeof categoricalConstraints>;
