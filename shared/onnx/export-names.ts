/** Names inside an exported graph: its outputs, by the contract that serving reads, and others that clash with none. */
import type { TensorInfo } from './graph.ts';

/** Gives the wanted name, with `_` appended until neither an input nor an earlier answer has it. */
export function freshNames(inputs: Iterable<string>): (wanted: string) => string {
  const names = new Set(inputs);
  return (wanted) => {
    let name = wanted;
    while (names.has(name)) name += '_';
    names.add(name);
    return name;
  };
}

/** `variable` `[N, 1]`, or `label` `[N]` and `probabilities` `[N, K]`. */
export function exportedOutputs(
  { task, classes }: { readonly task: 'regression' | 'classification'; readonly classes: readonly string[] },
  fresh: (wanted: string) => string,
): TensorInfo[] {
  if (task === 'regression') return [{ name: fresh('variable'), type: 'float', shape: ['N', 1] }];
  return [
    { name: fresh('label'), type: 'string', shape: ['N'] },
    { name: fresh('probabilities'), type: 'float', shape: ['N', classes.length] },
  ];
}
