/** The output that describes an image to monitoring, as it was named: an output's own name may have a colon. */
import type { ModelDescription } from '#shared/onnx/read-model.ts';
import { UsageError } from '../usage.ts';

const MOST = 32;
const DEFAULT = 8;

interface Embedding {
  readonly output: string;
  /** First values that are monitored. */
  readonly components: number;
}

/**
 * @param text `OUTPUT` or `OUTPUT:COMPONENTS`; without a number 8 components, or as many as there are
 * @param known how many the model monitors already
 * @throws UsageError for an output that the graph has not or more components than it has, more than 32, or another number than `known`
 * @example readEmbedding('features:4', graph, undefined) // { output: 'features', components: 4 }
 */
export function readEmbedding(
  text: string | undefined,
  { outputs }: Pick<ModelDescription, 'outputs'>,
  known: number | undefined,
): Embedding | undefined {
  if (text === undefined) return undefined;
  const [, name = text, count] = outputs.some((one) => one.name === text)
    ? []
    : (/^(.+):(\d+)$/.exec(text) ?? []);
  const output = outputs.find((one) => one.name === name);
  if (!output)
    throw new UsageError(
      `--embedding ${text}: the graph has no output "${name}", but ${outputs.map((one) => `"${one.name}"`).join(', ')}`,
    );
  const width = widthOf(output.shape);
  const components = count === undefined ? (known ?? Math.min(DEFAULT, width ?? DEFAULT)) : Number(count);
  if (components < 1 || components > MOST)
    throw new UsageError(`--embedding ${text}: 1 to ${MOST} components are monitored`);
  if (known !== undefined && components !== known)
    throw new UsageError(`--embedding ${text} contradicts the model, which monitors ${known} components`);
  if (width !== undefined && components > width)
    throw new UsageError(`--embedding ${text}: output "${name}" has ${width} values per image`);
  return { output: name, components };
}

/** Values per row; undefined where the graph does not say. */
function widthOf(shape: readonly (number | string)[] | undefined): number | undefined {
  if (shape === undefined) return undefined;
  let width = 1;
  for (const size of shape.slice(1)) {
    if (typeof size === 'string') return undefined;
    width *= size;
  }
  return width;
}
