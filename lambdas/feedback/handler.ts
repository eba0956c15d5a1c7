/** HTTP → labels: one or a list, idempotent, in any order, also before their predictions. */
import { answering, type HttpEvent, type HttpResult, json, parseBody } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { type LabelRecord, logLabel, requestIdPattern } from '#shared/log/prediction-log.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { isNumericText } from '#shared/schema/cells.ts';
import { parseDate } from '#shared/schema/dates.ts';
import { escapePointer, maxLabelLength } from '#shared/schema/rows.ts';

const maxLabels = 1000;
/** Clocks differ; a label of a later time than this would win over every correction. */
const maxAheadMs = 24 * 3_600_000;

export function createFeedbackHandler(deps: Deps): (event: HttpEvent) => Promise<HttpResult> {
  return (event) =>
    answering(async () => {
      const body = parseBody(event, deps.settings.MAX_BODY_BYTES);
      const model = await resolveModel(deps, event.pathParameters?.model ?? undefined);
      if (!Array.isArray(body)) return json(200, await single(deps, model, body));
      if (body.length === 0 || body.length > maxLabels)
        throw new ProblemError(400, `a list of 1 to ${maxLabels} labels is expected, got ${body.length}`);
      const results = await Promise.all(body.map((one: unknown, at) => listed(deps, model, one, at)));
      return json(200, { accepted: results.filter((one) => !('error' in one)).length, results });
    });
}

async function single(deps: Deps, model: ModelRecord, given: unknown): Promise<Record<string, unknown>> {
  const read = readLabel(deps, model, given, '');
  if ('fault' in read) throw new ProblemError(400, read.fault.detail, { errors: [read.fault] });
  return store(deps, model, read.label);
}

async function listed(
  deps: Deps,
  model: ModelRecord,
  given: unknown,
  at: number,
): Promise<Record<string, unknown>> {
  const read = readLabel(deps, model, given, `/${at}`);
  if ('fault' in read) return { error: { status: 400, errors: [read.fault] } };
  return store(deps, model, read.label);
}

/** A class the model does not know is data, not an error; the answer says so. */
async function store(deps: Deps, model: ModelRecord, label: LabelRecord): Promise<Record<string, unknown>> {
  const classes = model.schema.target.classes;
  const isKnown = !classes || classes.includes(String(label.label));
  const status = await logLabel(deps, label);
  return { request_id: label.request_id, status, ...(isKnown ? {} : { known_class: false }) };
}

type Read =
  | { readonly label: LabelRecord }
  | { readonly fault: { readonly pointer: string; readonly detail: string } };

function readLabel(deps: Deps, model: ModelRecord, given: unknown, pointer: string): Read {
  if (typeof given !== 'object' || given === null)
    return { fault: { pointer, detail: 'an object {request_id, label, labelled_at?} is expected' } };
  const { request_id: id, label, labelled_at: at, ...rest } = given as Record<string, unknown>;
  const extra = Object.keys(rest)[0];
  if (extra !== undefined)
    return { fault: { pointer: `${pointer}/${escapePointer(extra)}`, detail: 'not a member of a label' } };
  if (typeof id !== 'string' || !requestIdPattern.test(id))
    return {
      fault: { pointer: `${pointer}/request_id`, detail: `${JSON.stringify(id)} is not a request_id` },
    };
  const value = labelValue(model, label);
  if (value === undefined) {
    const wanted =
      model.task === 'regression'
        ? 'a finite number'
        : `a class name of at most ${maxLabelLength} characters`;
    return {
      fault: { pointer: `${pointer}/label`, detail: `${wanted} is expected, got ${JSON.stringify(label)}` },
    };
  }
  const now = deps.now();
  const labelledAt = at === undefined ? now : typeof at === 'string' ? parseDate(at)?.epochMs : undefined;
  if (labelledAt === undefined || labelledAt > now + maxAheadMs)
    return {
      fault: {
        pointer: `${pointer}/labelled_at`,
        detail: `an ISO 8601 time, at most 24 h ahead, is expected, got ${JSON.stringify(at)}`,
      },
    };
  return {
    label: { model: model.name, request_id: id, label: value, labelled_at: labelledAt, received_at: now },
  };
}

function labelValue(model: ModelRecord, label: unknown): number | string | undefined {
  if (model.task === 'regression')
    return typeof label === 'number' && Number.isFinite(label) ? label : undefined;
  if (typeof label === 'number' || typeof label === 'boolean') return String(label);
  if (typeof label !== 'string' || label.length === 0 || label.length > maxLabelLength) return undefined;
  // "1.0" from a program that writes numbers as text means the class "1"
  const classes = model.schema.target.classes ?? [];
  const canonical = isNumericText(label) ? String(Number(label)) : label;
  return !classes.includes(label) && classes.includes(canonical) ? canonical : label;
}
