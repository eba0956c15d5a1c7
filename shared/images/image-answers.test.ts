import { describe, expect, test } from 'vitest';
import type { OnnxOutput, OnnxSession } from '../onnx/session.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { greyImage, toPng } from '../testing/images.ts';
import { type DecodedImage, decodeImageFile } from './decode-image.ts';
import { answerImages } from './image-answers.ts';
import { imageSpecSchema } from './image-spec.ts';

const schemaOf = (image: object): ModelSchema => ({
  features: [
    {
      name: 'photo',
      kind: 'image',
      image: imageSpecSchema.parse({ width: 1, height: 1, channels: 1, scale: 1, ...image }),
    },
  ],
  target: { name: 'kind', classes: ['a', 'b'] },
});

function photo(byte: number): DecodedImage {
  const decoded = decodeImageFile(toPng(greyImage(2, 2, () => byte)));
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.image;
}

/** Says "b" of bright images, and shows brightness twice as an embedding. */
function graph(hasEmbedding: boolean) {
  const runs: number[] = [];
  const session: Pick<OnnxSession, 'runTensor'> = {
    async runTensor({ values, rowShape }, rows): Promise<OnnxOutput> {
      const width = rowShape.reduce((product, size) => product * size, 1);
      expect(values).toHaveLength(rows * width);
      runs.push(rows);
      const first = Array.from({ length: rows }, (_, row) => values[row * width]!);
      return {
        task: 'classification',
        labels: first.map((value) => (value > 100 ? 'b' : 'a')),
        probabilities: Float32Array.from(first.flatMap((value) => [1 - value / 255, value / 255])),
        classesCount: 2,
        ...(hasEmbedding
          ? { embedding: Float32Array.from(first.flatMap((value) => [value, -value])), embeddingWidth: 2 }
          : {}),
      };
    },
  };
  return { session, runs };
}

describe('answerImages', () => {
  test('logs the first components of an embedding beside the descriptors, and says which are not there', async () => {
    const [one] = await answerImages(graph(true).session, schemaOf({ embedding: 3 }), [photo(200)]);
    expect(one).toMatchObject({
      answer: { predicted_class: 'b' },
      features: {
        photo_brightness: expect.closeTo(200 / 255, 5),
        photo_embedding_0: 200,
        photo_embedding_1: -200,
        photo_embedding_2: null,
      },
    });
  });

  test('refuses a graph without the embedding that is to be monitored', async () => {
    await expect(answerImages(graph(false).session, schemaOf({ embedding: 2 }), [photo(1)])).rejects.toThrow(
      'the schema monitors 2 components of an embedding; the graph has none',
    );
  });

  test('runs large images a few at a time, and joins them in order', async () => {
    const { session, runs } = graph(false);
    const large = schemaOf({ width: 1024, height: 1024 });
    const answers = await answerImages(session, large, [10, 20, 30, 200, 40].map(photo));
    expect(runs).toEqual([4, 1]);
    expect(answers.map(({ scores }) => Math.round(255 * scores[1]!))).toEqual([10, 20, 30, 200, 40]);
  });
});
