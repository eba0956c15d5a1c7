/** The same questions put to Evidently and NannyML, each with its defaults, where a Python has them. */

import type { BenchResult, WideTable } from '../page.ts';
import { askPeer, type Peer } from '../peers/python.ts';

const SEED = 20_261_121;
const REPETITIONS = 300;

const PEERS: readonly { readonly peer: Peer; readonly title: string; readonly asks: string }[] = [
  { peer: 'evidently', title: 'Evidently', asks: 'DataDriftPreset() as it comes' },
  {
    peer: 'nannyml',
    title: 'NannyML',
    asks: 'UnivariateDriftCalculator (Jensen-Shannon) with ten reference chunks, one production chunk',
  },
];

interface PeerAnswer {
  readonly version: string;
  readonly seed: number;
  readonly cells: readonly {
    readonly reference: number;
    readonly current: number;
    readonly repetitions: number;
    readonly drifted: Readonly<Record<string, number>>;
  }[];
}

/** The first five kinds have no drift; the two shifts are of a normal. */
export async function peersTable(quick: boolean): Promise<BenchResult> {
  const rows: [string, string][] = [];
  const tables: WideTable[] = [];
  for (const { peer, title, asks } of PEERS) {
    const repetitions = quick ? 10 : REPETITIONS;
    const answer = (await askPeer(peer, `./${peer}_calibration.py`, [String(repetitions), String(SEED)])) as
      | PeerAnswer
      | undefined;
    rows.push([title, answer ? `version ${answer.version}` : 'not installed here']);
    if (answer) tables.push(peerTable(title, asks, answer));
  }
  return { name: "Calibration 5: the peers' defaults", rows, tables };
}

function peerTable(title: string, asks: string, { version, seed, cells }: PeerAnswer): WideTable {
  const kinds = Object.keys(cells[0]?.drifted ?? {});
  return {
    title: `${title} ${version}: share of columns called drifted`,
    note: `${asks}; ${cells[0]?.repetitions} repetitions, seed ${seed}. \`shift\` columns are drifted by so many σ; all others are not.`,
    header: ['reference × current', ...kinds],
    rows: cells.map(({ reference, current, drifted }) => [
      `${reference.toLocaleString('en')} × ${current.toLocaleString('en')}`,
      ...kinds.map((kind) => `${(100 * drifted[kind]!).toFixed(1)} %`),
    ]),
  };
}
