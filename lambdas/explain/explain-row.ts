/** One row explained by the method that fits its model: trees walked, coalitions enumerated, or orders of features drawn. */
import type { NotComputable } from '#shared/drift/measure.ts';
import { ProblemError } from '#shared/errors.ts';
import type { Attribution, Players } from '#shared/explain/attribution.ts';
import type { Game, Score } from '#shared/explain/coalitions.ts';
import { evenly } from '#shared/explain/evenly.ts';
import { exactShapley, MAX_EXACT_PLAYERS } from '#shared/explain/exact-shapley.ts';
import { permutationShapley } from '#shared/explain/permutation-shapley.ts';
import { isTreeEnsemble, treeShapley } from '#shared/explain/tree-shapley.ts';
import { inTurns, nextTurn } from '#shared/in-turns.ts';
import type { OnnxSession } from '#shared/onnx/session.ts';
import { seededRandom, seedFrom } from '#shared/random.ts';
import { isInput, type ModelSchema, modelColumns } from '#shared/schema/feature-schema.ts';
import { rowsToColumns } from '#shared/schema/rows.ts';
import type { ForestModel } from '#shared/training/forest-model.ts';
import type { GbdtModel } from '#shared/training/gbdt-model.ts';
import type { ExplainRequest } from './request.ts';
import { createScorer } from './score-in-turns.ts';
import type { VersionParts } from './version-store.ts';

export interface Explained {
  readonly method: 'tree' | 'permutation' | 'exact';
  /** The score that is split: a regression's value, a class's probability, or what comes before it. */
  readonly output: { readonly kind: 'value' | 'probability' | 'log_odds' | 'score'; readonly class?: string };
  readonly attribution: Attribution;
  /** Features in the order of the contributions. */
  readonly features: readonly string[];
}

/** Rows that a model may be asked for in one explanation: some seconds. */
const maxModelRows = 500_000;
/** Coalitions × features: each coalition is kept until all are asked for. */
const maxMembers = 10_000_000;
/** As many are enumerated rather than sampled where nobody chose. */
const maxAutoExactRows = 20_000;
/** The function's own limit is not far. */
const maxMs = 20_000;

/**
 * Others are served in between.
 *
 * @throws ProblemError 400 for a class the model has not, 422 where the method or the model gives no explanation, 503 where it takes
 *   longer than 20 seconds
 */
export async function explainRow(request: ExplainRequest, parts: VersionParts): Promise<Explained> {
  const end = performance.now() + maxMs;
  const checkTime = () => {
    if (performance.now() > end) throw outOfTime();
  };
  const { schema } = request.manifest;
  checkClass(schema, request.class);
  const features = schema.features.filter(isInput).map(({ name }) => name);
  const background = evenly(parts.background, request.background);
  const data = {
    row: rowsToColumns(schema, [request.row]),
    background: rowsToColumns(schema, background),
  };
  const ensemble = isTreeEnsemble(parts.trainer) ? parts.trainer : undefined;
  const method = chooseMethod(request, ensemble !== undefined, features.length, background.length);
  if (method === 'tree') {
    if (!ensemble)
      throw new ProblemError(
        422,
        `version "${request.manifest.version}" has no stored trees: method "permutation" or "exact" can explain it`,
      );
    return {
      method,
      features,
      ...(await explainTrees(
        request,
        ensemble,
        data,
        playersOf(schema, features, ensemble.columns),
        checkTime,
      )),
    };
  }
  const session = await parts.session();
  const { score, output } = await explainedOutput(session, data.row, request, checkTime);
  const columns = modelColumns(schema);
  const game: Game = { score, ...data, players: playersOf(schema, features, columns) };
  const attribution = computed(
    method === 'exact'
      ? await exactShapley(game)
      : await permutationShapley(game, {
          permutations: request.permutations,
          // the same row is explained the same way each time
          random: seededRandom(seedFrom(JSON.stringify(request.row))),
        }),
  );
  return { method, output, attribution, features };
}

function chooseMethod(
  { method, permutations }: ExplainRequest,
  isEnsemble: boolean,
  features: number,
  background: number,
): Explained['method'] {
  if (method === 'tree' || (method === 'auto' && isEnsemble)) return 'tree';
  const exactRows = 2 ** features * background;
  const sampledRows = (2 + 2 * permutations * Math.max(0, features - 1)) * background;
  const isExact =
    method === 'exact' ||
    (method === 'auto' &&
      features <= MAX_EXACT_PLAYERS &&
      exactRows <= Math.max(maxAutoExactRows, sampledRows));
  if (isExact && features > MAX_EXACT_PLAYERS)
    throw new ProblemError(
      422,
      `${features} features are too many to enumerate: at most ${MAX_EXACT_PLAYERS}; method "permutation" takes any number`,
    );
  const rows = isExact ? exactRows : sampledRows;
  if (rows > maxModelRows)
    throw new ProblemError(
      422,
      `the model would be asked for ${rows} rows, at most ${maxModelRows} are allowed: ask for fewer permutations or a smaller background`,
    );
  if ((rows / Math.max(1, background)) * features > maxMembers)
    throw new ProblemError(
      422,
      `${permutations} permutations of ${features} features are too many to keep: ask for fewer permutations`,
    );
  return isExact ? 'exact' : 'permutation';
}

function checkClass(schema: ModelSchema, name: string | undefined): void {
  const { classes } = schema.target;
  if (name === undefined || classes?.includes(name)) return;
  throw new ProblemError(400, `class "${name}" is not one of the model's`, {
    errors: [
      {
        pointer: '/class',
        detail: classes ? `one of ${classes.slice(0, 20).join(', ')}` : 'a regression has none',
      },
    ],
  });
}

/** The parts of a date are explained as one feature; a feature without a column contributes nothing. */
function playersOf(
  schema: ModelSchema,
  features: readonly string[],
  columns: readonly { readonly name: string }[],
): Players {
  const featureOf = new Map(modelColumns(schema).map(({ name, feature }) => [name, feature]));
  return features.map((feature) =>
    columns.flatMap(({ name }, at) => (featureOf.get(name) === feature ? [at] : [])),
  );
}

type Data = Pick<Game, 'row' | 'background'>;

async function explainTrees(
  request: ExplainRequest,
  model: GbdtModel | ForestModel,
  { row, background }: Data,
  players: Players,
  checkTime: () => void,
): Promise<Pick<Explained, 'output' | 'attribution'>> {
  await nextTurn();
  checkTime();
  const explainer = treeShapley(model, background, players);
  if (!explainer.computable) throw notExplained(explainer);
  const { classes } = model;
  const of = async (output: number) => {
    const [explained] = await inTurns(explainer.steps(row, [output]), checkTime);
    return explained!;
  };
  if (classes.length === 0) return { output: { kind: 'value' }, attribution: await of(0) };
  const scores = explainer.scores(row);
  const isLogOdds = scores.length === 1;
  const predicted = isLogOdds ? Number(scores[0]! > 0) : likeliest(scores);
  const at = request.class === undefined ? predicted : classes.indexOf(request.class);
  const name = { class: classes[at] ?? String(at) };
  if (!isLogOdds)
    return {
      output: { kind: model.kind === 'forest' ? 'probability' : 'score', ...name },
      attribution: await of(at),
    };
  const second = await of(0);
  return { output: { kind: 'log_odds', ...name }, attribution: at === 1 ? second : mirrored(second) };
}

/** The log-odds of the first class are those of the second, negated; 0 stays 0. */
function mirrored(attribution: Attribution): Attribution {
  return {
    ...attribution,
    prediction: 0 - attribution.prediction,
    baseValue: 0 - attribution.baseValue,
    contributions: attribution.contributions.map((value) => 0 - value),
  };
}

async function explainedOutput(
  session: OnnxSession,
  row: Game['row'],
  request: ExplainRequest,
  checkTime: () => void,
): Promise<{ score: Score; output: Explained['output'] }> {
  const scorer = createScorer(session, checkTime);
  const first = await session.run(row);
  if (first.task === 'regression') return { output: { kind: 'value' }, score: scorer() };
  const classes = request.manifest.schema.target.classes ?? [];
  const at = request.class === undefined ? likeliest(first.probabilities) : classes.indexOf(request.class);
  return { output: { kind: 'probability', class: classes[at] ?? String(at) }, score: scorer(at) };
}

function likeliest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let at = 1; at < scores.length; at++) if (scores[at]! > scores[best]!) best = at;
  return best;
}

function computed(result: Attribution | NotComputable): Attribution {
  if (result.computable) return result;
  throw notExplained(result);
}

function notExplained({ reason }: NotComputable): ProblemError {
  return new ProblemError(422, `the row cannot be explained: ${reason}`);
}

function outOfTime(): ProblemError {
  return new ProblemError(
    503,
    'the explanation took too long: ask for fewer permutations or a smaller background, or later',
    {},
    { 'retry-after': '30' },
  );
}
