/** scikit-learn's gradient boosting as a process that fits on request, so that its fits and ours can take turns. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Fitted {
  readonly seconds: number;
  /** Of all threads: what a busy machine hardly stretches. */
  readonly cpuSeconds: number;
  /** RMSE on the test rows, or accuracy. */
  readonly score: number;
}

/** A matrix of float32 codes and numbers; labels are codes, too. */
export interface Matrix {
  readonly columns: readonly Float32Array[];
  readonly target: Float32Array;
}

interface FitRequest {
  /** Files that `writeMatrix` wrote. */
  readonly train: string;
  readonly test: string;
  readonly columns: number;
  readonly task: 'regression' | 'classification';
  readonly rounds: number;
  /** Columns that hold codes of categories. */
  readonly categorical: readonly number[] | null;
}

export interface Peer {
  readonly version: string;
  readonly fit: (request: FitRequest) => Promise<Fitted>;
  /** Writes the Wisconsin breast cancer data that come with scikit-learn; gives its number of columns. */
  readonly writeBreastCancer: (path: string) => Promise<number>;
  readonly close: () => void;
}

/** Starts it with so many threads; `undefined` where `python3` cannot import scikit-learn. */
export async function openPeer(threads: number): Promise<Peer | undefined> {
  const script = fileURLToPath(new URL('sklearn_gbdt.py', import.meta.url));
  const environment = { ...process.env, OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: '1' };
  const python = spawn('python3', [script], { env: environment });
  const ask = answersOf(python);
  try {
    const { version } = (await ask()) as { version: string };
    return {
      version,
      fit: async (request) => (await ask(request)) as Fitted,
      writeBreastCancer: async (path) => ((await ask({ write: path })) as { columns: number }).columns,
      close: () => python.stdin.end(),
    };
  } catch (error) {
    if (/ENOENT|ModuleNotFoundError|ImportError/.test(String(error))) return undefined;
    throw error;
  }
}

/** A request, if any, and the next line of the answer. */
function answersOf(python: ChildProcessWithoutNullStreams): (request?: object) => Promise<unknown> {
  let stderr = '';
  python.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<never>((_, reject) => {
    python.once('error', reject);
    python.once('close', () => reject(new Error(`scikit-learn has ended: ${stderr.trim()}`)));
  });
  ended.catch(() => {});
  return async (request) => {
    if (request !== undefined) python.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await Promise.race([lines.next(), ended]);
    return line.done ? ended : JSON.parse(line.value);
  };
}

/** Column after column, the target last, as little-endian float32. */
export function writeMatrix(path: string, { columns, target }: Matrix): void {
  const rows = target.length;
  const all = new Float32Array((columns.length + 1) * rows);
  [...columns, target].forEach((column, at) => {
    all.set(column, at * rows);
  });
  writeFileSync(path, all);
}

/** Views of a file that `writeMatrix` wrote. */
export function readMatrix(path: string, columns: number): Matrix {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  const all = new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT);
  const rows = all.length / (columns + 1);
  const column = (at: number) => all.subarray(at * rows, (at + 1) * rows);
  return { columns: Array.from({ length: columns }, (_, at) => column(at)), target: column(columns) };
}
