/** What ONNX Runtime says of a model that it cannot load or run, in words that name what is to blame. */

/** Where in the runtime's C++ an error arose: path, line and the signature of the function. */
const SOURCE_PLACE = /\/onnxruntime_src\S*:\d+ .*?\)(?: const)?(?: \[with .*\])? (?=[A-Z][a-z])/;

/** The first line, without the place in the runtime's own sources. */
export function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const line = text.split('\n', 1)[0]!.trim();
  return blame(line) ?? line.replace(SOURCE_PLACE, '');
}

function blame(line: string): string | undefined {
  const foreign = /^Fatal error: ([^\s:]*):(\S+?)\(-?\d+\) is not a registered function\/op/.exec(line);
  if (foreign) return unknownOperator(foreign[2]!, foreign[1]!);
  const missing = /In Node, \(".*?", (\S+), "(.*?)", -?\d+\).*No Op registered for/.exec(line);
  if (missing) return unknownOperator(missing[1]!, missing[2]!);
  const opset = /Opset (\d+) is under development.*domain (\S+) is till opset (\d+)/.exec(line);
  if (opset)
    return `opset ${opset[1]} of ${opset[2]} is newer than onnxruntime knows, which is at most ${opset[3]}`;
  return undefined;
}

function unknownOperator(operator: string, domain: string): string {
  return `operator "${operator}" of domain "${domain || 'ai.onnx'}" is not known to onnxruntime`;
}
