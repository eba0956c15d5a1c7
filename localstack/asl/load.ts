/** Loads an ASL file for the embedded engine: substitutes, parses and checks all of it, so that nothing surprises a run. */
import type { Json } from '#shared/json.ts';
import { InvalidAslError, MissingSubstitutionError } from './errors.ts';
import { Fields } from './fields.ts';
import { checkGraph } from './graph.ts';
import { parseState, type StateSurroundings } from './load-states.ts';
import type { State, StateGraph, StateMachine } from './machine.ts';

const OUTSIDE = '(machine)';
const PLACEHOLDER = /\$\{([A-Za-z0-9_.:-]+)\}/g;
const MAX_NAME_CHARACTERS = 80;

/**
 * Loads a state machine written in the Amazon States Language (JSONPath), as `cdk deploy` would hand it to Step
 * Functions. Whatever the interpreter would not run as Step Functions does is refused here, by name.
 *
 * @param text the file; `${Name}` stands for a substitution.
 * @param substitutions replaced in the text as they are, like CDK's `definitionSubstitutions`.
 * @throws UnsupportedAslError for a field, state type, resource, intrinsic, operator or path that is not supported.
 * @throws InvalidAslError for a file that is not a whole state machine (missing targets, unreachable states, no end).
 * @throws MissingSubstitutionError for a `${Name}` without a value.
 * @example loadStateMachine(text, { TrainFunction: 'train' }).startAt // 'Snapshot'
 */
export function loadStateMachine(
  text: string,
  substitutions: Readonly<Record<string, string>>,
): StateMachine {
  const fields = new Fields(OUTSIDE, parseJson(substitute(text, substitutions)), 'machine');
  fields.only('Comment', 'StartAt', 'States', 'TimeoutSeconds', 'Version', 'QueryLanguage');
  checkQueryLanguage(fields);
  const version = fields.string('Version');
  if (version !== undefined && version !== '1.0')
    throw fields.unsupported(`Version "${version}" (allowed: 1.0)`);
  const names = new Set<string>();
  const graph = parseGraph(fields, { names, isInMap: false });
  return { ...graph, timeoutSeconds: fields.integer('TimeoutSeconds', 1) };
}

function substitute(text: string, substitutions: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (_, name: string) => {
    const value = Object.hasOwn(substitutions, name) ? substitutions[name] : undefined;
    if (value === undefined) throw new MissingSubstitutionError(name, Object.keys(substitutions));
    return value;
  });
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new InvalidAslError(OUTSIDE, `the file is not JSON after substitution (${String(cause)})`, {
      cause,
    });
  }
}

function checkQueryLanguage(fields: Fields): void {
  const language = fields.string('QueryLanguage');
  if (language === undefined || language === 'JSONPath') return;
  throw fields.unsupported(`QueryLanguage "${language}" (allowed: JSONPath)`);
}

interface GraphSurroundings {
  /** Names are unique in the whole file, not only in their scope. */
  readonly names: Set<string>;
  readonly isInMap: boolean;
}

function parseGraph(fields: Fields, { names, isInMap }: GraphSurroundings): StateGraph {
  const startAt = fields.requiredString('StartAt');
  const states = new Map<string, State>();
  const surroundings: StateSurroundings = {
    isInMap,
    parseGraph: (inner, isInner) => parseGraph(inner, { names, isInMap: isInMap || isInner }),
  };
  for (const [name, raw] of Object.entries(new Fields(fields.state, fields.raw.States, 'States').raw)) {
    checkName(name, names);
    const state = new Fields(name, raw);
    checkQueryLanguage(state);
    states.set(name, parseState(state, surroundings));
  }
  const graph = { startAt, states };
  checkGraph(fields.state, graph);
  return graph;
}

function checkName(name: string, names: Set<string>): void {
  if (name.length === 0 || name.length > MAX_NAME_CHARACTERS) {
    throw new InvalidAslError(
      name,
      `a state's name has 1 to ${MAX_NAME_CHARACTERS} characters, not ${name.length}`,
    );
  }
  if (names.has(name)) throw new InvalidAslError(name, 'two states have this name');
  names.add(name);
}
