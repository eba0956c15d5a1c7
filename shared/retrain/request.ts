/** What starts a retrain run: an event of the monitor or an operator; the state machine's input. */
import * as z from 'zod';
import { modelNameSchema } from '../registry/model.ts';

export const runRequestSchema = z.object({
  model: modelNameSchema,
  trigger: z.enum(['DriftConfirmed', 'PerformanceDrop', 'operator']),
  actor: z.string().min(1),
  on_behalf_of: z.string().exactOptional(),
  reason: z.string().min(1),
  /** Unix milliseconds of stream time from which rows are new; absent: since the champion began to serve. */
  change_point: z.number().optional(),
  /** Past a cooldown and the daily cap; never past the gates. */
  force: z.boolean().optional(),
  /** What led a person to ask, and about which feature: `grafana`, `income`. */
  from: z.string().exactOptional(),
  feature: z.string().exactOptional(),
  execution_name: z.string(),
});

export type RunRequest = z.infer<typeof runRequestSchema>;
