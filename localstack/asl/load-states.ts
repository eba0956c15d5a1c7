/** Parses one state of an ASL file by its type. */
import type { Json } from '#shared/json.ts';
import { parseRule, ruleFields } from './choice.ts';
import { UnsupportedSyntaxError } from './errors.ts';
import { parseExpression } from './expressions.ts';
import { Fields, MAX_SECONDS } from './fields.ts';
import { parseCatchers, parseResultPathOf, parseRetriers } from './load-recovery.ts';
import { parseResource, refuseParameters } from './load-task.ts';
import type * as Machine from './machine.ts';
import { type Path, parsePath } from './paths.ts';
import { parseTemplate, type Template } from './template.ts';
import { parseTimestamp } from './timestamps.ts';

/** What a state may refer to because of where it stands. */
export interface StateSurroundings {
  readonly isInMap: boolean;
  readonly parseGraph: (fields: Fields, isInMap: boolean) => Machine.StateGraph;
}

const COMMON = ['Type', 'Comment', 'QueryLanguage', 'InputPath', 'OutputPath'];
const CONTINUING = [...COMMON, 'Next', 'End'];
const WITH_RESULT = [...CONTINUING, 'Parameters', 'ResultPath'];
const WORKING = [...WITH_RESULT, 'ResultSelector', 'Retry', 'Catch'];
const PROCESSOR = ['Comment', 'StartAt', 'States'];

/** One parser per state type; a type that is not here is not supported. */
const PARSERS: Readonly<Record<string, (fields: Fields, around: StateSurroundings) => Machine.State>> = {
  Task: parseTask,
  Map: parseMap,
  Parallel: parseParallel,
  Pass: parsePass,
  Choice: parseChoice,
  Wait: parseWait,
  Succeed: (fields, around) => ({ ...common(fields.only(...COMMON), around), type: 'Succeed' }),
  Fail: parseFail,
};

/** @throws UnsupportedAslError | InvalidAslError with the state's name. */
export function parseState(fields: Fields, around: StateSurroundings): Machine.State {
  const type = fields.requiredString('Type');
  const parse = Object.hasOwn(PARSERS, type) ? PARSERS[type] : undefined;
  if (parse === undefined)
    throw fields.unsupported(`type "${type}" (allowed: ${Object.keys(PARSERS).join(', ')})`);
  return parse(fields, around);
}

/** A path parser that knows which context fields exist where the state stands. */
function pathParser(isInMap: boolean, hasToken = false): (text: string) => Path {
  return (text) => {
    const path = parsePath(text);
    const isAbsent = path.steps[0] === 'Map' ? !isInMap : path.steps[0] === 'Task' && !hasToken;
    if (path.root === '$$' && isAbsent) {
      const place = path.steps[0] === 'Map' ? 'a Map' : 'the Parameters of a waitForTaskToken task';
      throw new UnsupportedSyntaxError(`context path "${text}" outside ${place}`);
    }
    return path;
  };
}

function selector(fields: Fields, field: string, around: StateSurroundings): Path | null {
  if (fields.raw[field] === null) return null;
  return fields.parsedString(field, pathParser(around.isInMap)) ?? parsePath('$');
}

function common(fields: Fields, around: StateSurroundings) {
  return {
    name: fields.state,
    inputPath: selector(fields, 'InputPath', around),
    outputPath: selector(fields, 'OutputPath', around),
  };
}

function continuing(fields: Fields, around: StateSurroundings) {
  const next = fields.string('Next');
  const end = fields.raw.End;
  if (end !== undefined && typeof end !== 'boolean')
    throw fields.invalid(`End must be true, not ${JSON.stringify(end)}`);
  if ((next === undefined) === (end !== true)) {
    throw fields.invalid(next === undefined ? 'it has neither Next nor End' : 'it has both Next and End');
  }
  return { ...common(fields, around), next };
}

function template(fields: Fields, field: string, toPath: (text: string) => Path): Template | undefined {
  return fields.parsed(field, (value) => {
    new Fields(fields.state, value, field);
    return parseTemplate(value, toPath);
  });
}

function withResult(fields: Fields, around: StateSurroundings, hasToken = false) {
  return {
    ...continuing(fields, around),
    parameters: template(fields, 'Parameters', pathParser(around.isInMap, hasToken)),
    resultPath: parseResultPathOf(fields),
  };
}

function working(fields: Fields, around: StateSurroundings, hasToken = false) {
  return {
    ...withResult(fields, around, hasToken),
    resultSelector: template(fields, 'ResultSelector', pathParser(around.isInMap)),
    retry: parseRetriers(fields),
    catch: parseCatchers(fields),
  };
}

function parseTask(fields: Fields, around: StateSurroundings): Machine.TaskState {
  fields.only(...WORKING, 'Resource', 'TimeoutSeconds', 'TimeoutSecondsPath');
  if (fields.has('TimeoutSeconds') && fields.has('TimeoutSecondsPath'))
    throw fields.invalid('a Task takes TimeoutSeconds or TimeoutSecondsPath, not both');
  const resource = parseResource(fields);
  if (resource.kind === 'invoke') refuseParameters(fields);
  return {
    ...working(fields, around, resource.kind === 'invoke' && resource.waitsForToken),
    type: 'Task',
    resource,
    timeoutSeconds:
      fields.integer('TimeoutSeconds', 1) ??
      fields.parsedString('TimeoutSecondsPath', pathParser(around.isInMap)),
  };
}

function parseMap(fields: Fields, around: StateSurroundings): Machine.MapState {
  fields.only(...WORKING, 'MaxConcurrency', 'ItemsPath', 'ItemSelector', 'ItemProcessor', 'Iterator');
  if (fields.has('ItemProcessor') === fields.has('Iterator')) {
    throw fields.invalid('a Map needs either ItemProcessor or Iterator');
  }
  if (fields.has('ItemSelector') && fields.has('Parameters')) {
    throw fields.invalid('a Map takes ItemSelector or Parameters (its older name), not both');
  }
  const { parameters: _, ...base } = working(fields, { ...around, isInMap: true });
  const selectorField = fields.has('Parameters') ? 'Parameters' : 'ItemSelector';
  return {
    ...base,
    // A Map's Parameters are per item; `$$.Map` outside them is that of an enclosing Map, if there is one.
    ...common(fields, around),
    parameters: undefined,
    type: 'Map',
    resultSelector: template(fields, 'ResultSelector', pathParser(around.isInMap)),
    itemsPath: fields.parsedString('ItemsPath', pathParser(around.isInMap)) ?? parsePath('$'),
    itemSelector: template(fields, selectorField, pathParser(true)),
    maxConcurrency: fields.integer('MaxConcurrency', 0) ?? 0,
    processor: parseProcessor(fields, around),
  };
}

function parseProcessor(fields: Fields, around: StateSurroundings): Machine.StateGraph {
  if (fields.has('Iterator')) {
    return around.parseGraph(
      new Fields(fields.state, fields.raw.Iterator, 'Iterator').only(...PROCESSOR),
      true,
    );
  }
  const processor = new Fields(fields.state, fields.raw.ItemProcessor, 'ItemProcessor');
  processor.only(...PROCESSOR, 'ProcessorConfig');
  if (processor.has('ProcessorConfig')) {
    const config = new Fields(
      fields.state,
      processor.raw.ProcessorConfig,
      'ItemProcessor.ProcessorConfig',
    ).only('Mode');
    const mode = config.string('Mode') ?? 'INLINE';
    if (mode !== 'INLINE')
      throw fields.unsupported(`ItemProcessor.ProcessorConfig.Mode "${mode}" (allowed: INLINE)`);
  }
  return around.parseGraph(processor, true);
}

function parseParallel(fields: Fields, around: StateSurroundings): Machine.ParallelState {
  fields.only(...WORKING, 'Branches');
  const branches = fields.list('Branches').map((raw, i) => {
    return around.parseGraph(new Fields(fields.state, raw, `Branches[${i}]`).only(...PROCESSOR), false);
  });
  if (branches.length === 0) throw fields.invalid('a Parallel needs at least one of Branches');
  return { ...working(fields, around), type: 'Parallel', branches };
}

function parsePass(fields: Fields, around: StateSurroundings): Machine.PassState {
  fields.only(...WITH_RESULT, 'Result');
  return { ...withResult(fields, around), type: 'Pass', result: fields.raw.Result };
}

function parseChoice(fields: Fields, around: StateSurroundings): Machine.ChoiceState {
  fields.only(...COMMON, 'Choices', 'Default');
  const choices = fields
    .list('Choices')
    .map((raw, i) => parseChoiceEntry(fields, raw, `Choices[${i}]`, around));
  if (choices.length === 0) throw fields.invalid('a Choice needs at least one of Choices');
  return { ...common(fields, around), type: 'Choice', choices, default: fields.string('Default') };
}

function parseChoiceEntry(fields: Fields, raw: Json, at: string, around: StateSurroundings) {
  const entry = new Fields(fields.state, raw, at);
  const next = entry.requiredString('Next');
  const rule = new Fields(fields.state, { [at]: ruleFields(entry.raw) }).parsed(at, (value) =>
    parseRule(value, pathParser(around.isInMap)),
  );
  return { rule: rule!, next };
}

function parseWait(fields: Fields, around: StateSurroundings): Machine.WaitState {
  const kinds = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'];
  fields.only(...CONTINUING, ...kinds);
  const given = kinds.filter((kind) => fields.has(kind));
  if (given.length !== 1)
    throw fields.invalid(`a Wait needs exactly one of ${kinds.join(', ')}, not ${given.length}`);
  return { ...continuing(fields, around), type: 'Wait', until: parseUntil(fields, around) };
}

function parseUntil(fields: Fields, around: StateSurroundings): Machine.WaitUntil {
  const toPath = pathParser(around.isInMap);
  const seconds = fields.integer('Seconds', 0, MAX_SECONDS) ?? fields.parsedString('SecondsPath', toPath);
  if (seconds !== undefined) return { kind: 'seconds', seconds };
  const timestamp = fields.string('Timestamp');
  if (timestamp !== undefined && parseTimestamp(timestamp) === undefined) {
    throw fields.invalid(`Timestamp "${timestamp}" is not RFC 3339, as in 2024-08-18T17:33:00Z`);
  }
  return { kind: 'timestamp', timestamp: timestamp ?? fields.parsedString('TimestampPath', toPath)! };
}

function parseFail(fields: Fields, around: StateSurroundings): Machine.FailState {
  fields.only('Type', 'Comment', 'QueryLanguage', 'Error', 'Cause', 'ErrorPath', 'CausePath');
  const either = (field: string) => {
    if (fields.has(field) && fields.has(`${field}Path`))
      throw fields.invalid(`it has both ${field} and ${field}Path`);
    const toExpression = (text: string) => parseExpression(text, pathParser(around.isInMap));
    return fields.string(field) ?? fields.parsedString(`${field}Path`, toExpression) ?? '';
  };
  return { ...common(fields, around), type: 'Fail', error: either('Error'), cause: either('Cause') };
}
