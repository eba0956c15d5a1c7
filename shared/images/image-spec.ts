/** What a model's graph expects of an image: its size, channels, order of axes and normalisation. */
import * as z from 'zod';

const side = z.number().int().min(1).max(2048);

export const imageSpecSchema = z
  .strictObject({
    /** Of the graph's input, pixels; images of any size are resized to it. */
    width: side,
    height: side,
    /** 1 is grey, 3 is red, green, blue. */
    channels: z.union([z.literal(1), z.literal(3)]),
    layout: z.enum(['NCHW', 'NHWC']).default('NCHW'),
    /** Multiplies the bytes 0 … 255, before mean and deviation. */
    scale: z
      .number()
      .positive()
      .default(1 / 255),
    /** Subtracted after scaling, one per channel. */
    mean: z.array(z.number()).optional(),
    /** Divides after the mean is gone, one per channel. */
    std: z.array(z.number().positive()).optional(),
    /** First components of the graph's embedding that are monitored; the graph must have that output. */
    embedding: z.number().int().min(1).max(32).optional(),
    /** Keep every image that was answered, by the SHA-256 of its file. */
    store_inputs: z.boolean().default(false),
  })
  .superRefine(({ channels, mean, std }, context) => {
    for (const [name, values] of [
      ['mean', mean],
      ['std', std],
    ] as const)
      if (values && values.length !== channels)
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `${values.length} values for ${channels} channels: one per channel is expected`,
        });
  })
  .readonly();

export type ImageSpec = z.infer<typeof imageSpecSchema>;
