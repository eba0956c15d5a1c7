/** Test support: a network of images in the shape that torch exports, and the images it tells apart. */
import type { Pixels } from '../images/pixels.ts';
import { encodeModel, type Graph, type Node } from '../onnx/graph.ts';
import { seededRandom } from '../random.ts';
import { toPng } from './images.ts';

export const colours = ['red', 'green', 'blue'] as const;
type Colour = (typeof colours)[number];

/** Per channel; half of what is measured of a channel is the network's weight. */
export const colourMean = [0.5, 0.4, 0.3] as const;
export const colourStd = [0.25, 0.2, 0.5] as const;

const side = 8;
const integers = (...value: readonly number[]) => ({ kind: 'integers', value }) as const;

function node(operator: string, inputs: readonly string[], output: string, attributes = {}): Node {
  return { operator, domain: '', inputs, outputs: [output], attributes };
}

/**
 * Input `input` float `[1, 3, 8, 8]`; outputs `logits` `[1, 3]`, half of each channel's normalised mean, and `features` `[1, 4]`, the
 * three means and their sum. The batch is fixed, as `torch.onnx.export` fixes it when it is told nothing else.
 */
export function colourNetwork(changes: Partial<Graph> = {}): Uint8Array {
  return encodeModel(
    {
      name: 'main_graph',
      nodes: [
        node('Conv', ['input', 'conv.weight'], 'conv', { kernel_shape: integers(1, 1) }),
        node('GlobalAveragePool', ['conv'], 'pooled'),
        node('Flatten', ['pooled'], 'features', { axis: { kind: 'integer', value: 1 } }),
        node('Gemm', ['features', 'fc.weight', 'fc.bias'], 'logits'),
      ],
      inputs: [{ name: 'input', type: 'float', shape: [1, 3, side, side] }],
      outputs: [
        { name: 'logits', type: 'float', shape: [1, 3] },
        { name: 'features', type: 'float', shape: [1, 4] },
      ],
      initializers: [
        {
          name: 'conv.weight',
          type: 'float',
          shape: [4, 3, 1, 1],
          values: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1),
        },
        {
          name: 'fc.weight',
          type: 'float',
          shape: [4, 3],
          values: Float32Array.of(0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5, 0, 0, 0),
        },
        { name: 'fc.bias', type: 'float', shape: [3], values: new Float32Array(3) },
      ],
      ...changes,
    },
    {},
  );
}

/** Mostly of the colour, with noise. */
export function coloured(colour: Colour, seed: number): Pixels {
  const random = seededRandom(seed);
  const pixels = Uint8Array.from({ length: 3 * side * side }, (_, at) =>
    Math.floor((colours[at % 3] === colour ? 140 : 30) + 80 * random()),
  );
  return { width: side, height: side, channels: 3, pixels };
}

/** What the network finds of an image of its own size: the normalised means of the channels and their sum. */
export function featuresOf({ pixels }: Pixels): readonly number[] {
  const means = [0, 1, 2].map((channel) => {
    const bytes = pixels.filter((_, at) => at % 3 === channel);
    const mean = bytes.reduce((sum, byte) => sum + byte, 0) / bytes.length / 255;
    return (mean - colourMean[channel]!) / colourStd[channel]!;
  });
  return [...means, means.reduce((sum, mean) => sum + mean, 0)];
}

/** Probabilities of the colours. */
export function colourAnswer(image: Pixels): readonly number[] {
  const powers = featuresOf(image)
    .slice(0, 3)
    .map((mean) => Math.exp(mean / 2));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

interface ColourRow {
  readonly features: { readonly image: string };
  readonly label: Colour;
}

export function colourRows(count: number): ColourRow[] {
  return Array.from({ length: count }, (_, at) => {
    const label = colours[at % 3]!;
    return { features: { image: toPng(coloured(label, at)).toString('base64') }, label };
  });
}
