/** What an operator may do: start a run, judge windows now, move the champion, accept a window as normal. All of it is in the ledger. */
import * as z from 'zod';
import { type HttpEvent, type HttpResult, header, json } from '#shared/api/http.ts';
import { channelNames } from '#shared/capture/channels.ts';
import { readGranuleCursor } from '#shared/capture/rollup.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { moveChampion, rollbackTarget } from '#shared/operations/move-champion.ts';
import { startRetrain } from '#shared/operations/start-retrain.ts';
import { MIN_LABELLED_ROWS } from '#shared/performance/loss-change.ts';
import { updateItem } from '#shared/ports/update.ts';
import type { Profile } from '#shared/profile/profile.ts';
import { assertMayPromote, settlePromoted } from '#shared/registry/approve.ts';
import { sha256 } from '#shared/registry/artefacts.ts';
import { createAnchorsCache, readBaseline, referenceFiles } from '#shared/registry/baseline.ts';
import { measureContext } from '#shared/registry/baseline-context.ts';
import { objectKeys, shortHash, stateKeys, timeKey } from '#shared/registry/keys.ts';
import { appendLedger } from '#shared/registry/ledger.ts';
import { versionNameSchema } from '#shared/registry/model.ts';
import { changePause } from '#shared/registry/pause.ts';
import { findVersion, readPointer } from '#shared/registry/registry.ts';
import { readAccepted } from '#shared/windows/accepted.ts';
import { announceDueWindows } from '#shared/windows/claim.ts';
import { type Window, windowLength } from '#shared/windows/due.ts';
import { actor, claimOf, named, readBody, reason } from './operator-body.ts';

const retrainBody = z.strictObject({
  ...actor,
  reason: reason.default('asked for by an operator'),
  force: z.boolean().default(false),
  change_point: z.iso.datetime().optional(),
});
const rollbackBody = z.strictObject({
  ...actor,
  reason: reason.default('asked for by an operator'),
  to_version: versionNameSchema.optional(),
});
const pauseBody = z.strictObject({ ...actor, reason });
const promoteBody = z.strictObject({ ...actor, reason, version: versionNameSchema });
const baselineBody = z.strictObject({
  ...actor,
  reason,
  /** Start of the window, or of the first of several. */
  window: z.iso.datetime(),
  /** End of the last of several, exclusive. */
  until: z.iso.datetime().optional(),
});

/** 202 with the run; the run itself says whether a cooldown or another run refused it. */
export async function retrain(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const model = await named(deps, event);
  const body = readBody(deps, event, retrainBody);
  const run = await startRetrain(deps, {
    model: model.name,
    actor: body.actor,
    ...claimOf(body),
    reason: body.reason,
    force: body.force,
    changePoint: body.change_point === undefined ? undefined : Date.parse(body.change_point),
    key: header(event, 'idempotency-key'),
  });
  return json(202, { run });
}

export async function monitorNow(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const model = await named(deps, event);
  const windows = await announceDueWindows(deps, model);
  return json(202, {
    windows: windows.map(({ start, end }) => ({
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
    })),
  });
}

export async function rollback(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const model = await named(deps, event);
  const body = readBody(deps, event, rollbackBody);
  const { from, to } = await rollbackTarget(deps, model.name, body.to_version);
  return moved(
    model.name,
    to,
    from,
    await moveChampion(deps, { ...body, model: model.name, to, from, action: 'rollback' }),
  );
}

/** Only a version that passed its trial; past the gate of its run a person answers with name and reason. It settles an approval. */
export async function promote(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const model = await named(deps, event);
  const body = readBody(deps, event, promoteBody);
  const version = await findVersion(deps, model.name, body.version);
  await assertMayPromote(deps, model, version, body.actor);
  const from = (await readPointer(deps, model.name))?.champion ?? null;
  const to = body.version;
  const result = await moveChampion(deps, { ...body, model: model.name, to, from, action: 'promote' });
  await settlePromoted(deps, model.name, version, {
    actor: body.actor,
    ...claimOf(body),
    reason: body.reason,
  });
  return moved(model.name, to, from, result);
}

function moved(
  model: string,
  champion: string,
  from: string | null,
  result: 'changed' | 'unchanged',
): HttpResult {
  const changed = result === 'changed';
  return json(200, { model, champion, previous: changed ? from : null, changed });
}

/** Batches are refused from now on, and taken again; single predictions go on in any case. Ask again: the answer is the same. */
export const pause = (deps: Deps, event: HttpEvent): Promise<HttpResult> => turn(deps, event, true);
export const resume = (deps: Deps, event: HttpEvent): Promise<HttpResult> => turn(deps, event, false);

async function turn(deps: Deps, event: HttpEvent, paused: boolean): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const body = readBody(deps, event, pauseBody);
  const { actor, reason } = body;
  const { changed } = await changePause(deps, name, { paused, actor, ...claimOf(body), reason });
  return json(200, { model: name, paused, changed });
}

/** Re-basing is explicit: the windows' profile replaces the reference of the champion, on the same anchors. */
export async function acceptBaseline(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const model = await named(deps, event);
  const body = readBody(deps, event, baselineBody);
  const pointer = await readPointer(deps, model.name);
  if (!pointer)
    throw new ProblemError(503, `model "${model.name}" has no champion yet`, {}, { 'retry-after': '30' });
  const length = windowLength(model, deps.settings.GRANULE_MS);
  const windows = windowsOf(body, length);
  const span = { start: windows[0]!.start, end: windows.at(-1)!.end };
  await assertAcceptable(deps, model.name, span);
  const version = pointer.champion;
  const inForce = await readBaseline(deps, model.name, version);
  const { anchors } = inForce;
  assertCountable(span, anchors.anchors.length, deps.settings.GRANULE_MS);
  const accepted = await readAccepted(deps, model.name, version, windows, anchors, createAnchorsCache(deps));
  const rows = accepted.predictions;
  if (rows < model.monitor.min_rows)
    throw new ProblemError(
      409,
      `the ${windows.length === 1 ? 'window holds' : 'windows hold'} ${rows} predictions of the champion; at least ${model.monitor.min_rows} are needed for a baseline`,
    );
  const context = measureContext({
    ...accepted,
    anchors,
    windowMs: length,
    inherited: inForce.designEffects,
  });
  const profile = withKnownLosses(accepted.profile, inForce.reference);
  const stem = `baseline-${timeKey(span.start)}-${timeKey(span.end)}`;
  // named by what it holds: the same windows accepted under another policy are another baseline
  const content = Object.values(await referenceFiles(stem, profile, context)).map(sha256);
  const file = `${stem}-${shortHash(content.join())}.bin`;
  const files = await referenceFiles(file, profile, context);
  for (const [name, bytes] of Object.entries(files))
    await deps.objects.putIfAbsent(objectKeys.version(model.name, version, name), bytes);
  await updateItem(deps.state, stateKeys.baseline(model.name, version), () => ({
    file,
    reason: body.reason,
  }));
  const what = { windows: windows.length, rows };
  await appendLedger(deps, model.name, {
    at: deps.now(),
    action: 'baseline',
    actor: body.actor,
    ...claimOf(body),
    reason: body.reason,
    detail: {
      version,
      window: body.window,
      ...(body.until === undefined ? {} : { until: body.until }),
      ...what,
    },
  });
  return json(200, { model: model.name, version, baseline: file, ...what });
}

/** A month of windows at most, which one request can still add up. */
function windowsOf({ window, until }: z.infer<typeof baselineBody>, length: number): Window[] {
  const start = Date.parse(window);
  const end = until === undefined ? start + length : Date.parse(until);
  if (start % length !== 0)
    throw new ProblemError(
      400,
      `window ${window} is not the start of a window; they start every ${length} ms`,
    );
  if (end % length !== 0 || end <= start)
    throw new ProblemError(400, `until ${until} is not the end of a later window; windows last ${length} ms`);
  if (end - start > Math.max(length, maxAcceptedMs))
    throw new ProblemError(
      400,
      `${window} to ${until} is longer than 31 days, the most that is accepted at once`,
    );
  const count = (end - start) / length;
  return Array.from({ length: count }, (_, at) => ({
    start: start + at * length,
    end: start + (at + 1) * length,
  }));
}

const maxAcceptedMs = 31 * 86_400_000;

/** Column counts that one request adds up in its 29 seconds: 400,000 took 6 s from memory. */
const MAX_ACCEPTED_COUNTS = 1_000_000;

function assertCountable({ start, end }: Window, columns: number, granuleMs: number): void {
  const granules = (end - start) / granuleMs;
  if (granules * columns <= MAX_ACCEPTED_COUNTS) return;
  const hours = Math.floor((MAX_ACCEPTED_COUNTS / columns) * (granuleMs / 3_600_000));
  throw new ProblemError(
    400,
    `${granules} granules of ${columns} columns are more than one request adds up; at most ${hours} hours are accepted at once`,
  );
}

/** A window that still grows, or that is known for bad data, is nothing to compare with. */
async function assertAcceptable(deps: Deps, model: string, span: Window): Promise<void> {
  const { rolled } = await readGranuleCursor(deps, model);
  if (span.end > rolled)
    throw new ProblemError(409, `the window is not over before ${new Date(span.end).toISOString()}`);
  // The newest that starts before the span's end: windows do not overlap, so an older one ends before it starts.
  const { items } = await deps.state.query(stateKeys.of(model), {
    from: stateKeys.quarantine(model, 0).sk,
    before: stateKeys.quarantine(model, span.end).sk,
    reverse: true,
    limit: 1,
  });
  const newest = items[0]?.value as { start: number; end: number } | undefined;
  if (newest && newest.end > span.start) {
    const { start } = newest;
    throw new ProblemError(
      409,
      `the window ${new Date(start).toISOString()} is quarantined: a hard quality check failed in it`,
    );
  }
}

/** Where the windows have too few labels to judge losses by, labels and losses of the reference in force stay. */
function withKnownLosses(accepted: Profile, inForce: Profile): Profile {
  const losses = accepted.features.get(channelNames.loss);
  if (losses && losses.count >= MIN_LABELLED_ROWS) return accepted;
  const kept = [channelNames.label, channelNames.loss].flatMap((name) => {
    const feature = inForce.features.get(name);
    return feature ? [[name, feature] as const] : [];
  });
  return { ...accepted, features: new Map([...accepted.features, ...kept]) };
}
