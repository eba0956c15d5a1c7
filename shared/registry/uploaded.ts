/** A version on its way in: announced, uploaded, tried; PENDING until its trial says READY or REJECTED. */
import type { Deps } from '../deps.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys } from './keys.ts';
import { appendLedger } from './ledger.ts';
import type { VersionRecord } from './model.ts';
import { changeChampion, findVersion, listModels, readPointer } from './registry.ts';
import type { Upload } from './upload.ts';

/** A trial that ends its process writes nothing; after as many of them the version is refused. */
const MAX_TRIALS = 3;

export type UploadedVersion = VersionRecord & { readonly upload: Upload };

export function isUploaded(version: VersionRecord | undefined): version is UploadedVersion {
  return version?.upload !== undefined;
}

/** Asks for the trial of a version; whoever is told twice does it twice, with the same end. */
export async function publishUploaded(
  deps: Pick<Deps, 'events'>,
  model: string,
  version: string,
): Promise<void> {
  await deps.events.publish({ type: 'VersionUploaded', detail: { model, version } });
}

/** Notes that the files are there. */
export async function markUploaded(
  deps: Pick<Deps, 'state' | 'now'>,
  model: string,
  version: string,
): Promise<void> {
  await change(deps, model, version, (current) =>
    current.upload.completed_at === undefined
      ? {
          ...current,
          upload: { ...current.upload, completed_at: new Date(deps.now()).toISOString() },
        }
      : undefined,
  );
}

/** Begun, and not so long ago that it must be dead. @param limitMs the longest a trial may take */
export function isOnTrial({ upload }: UploadedVersion, now: number, limitMs: number): boolean {
  const age = now - Date.parse(upload.trial_started_at ?? '');
  // a clock that was set back makes it negative; nothing is waited for then
  return age >= 0 && age < limitMs;
}

export interface TrialRequest {
  /** The same each time the event is delivered, and another for each event. */
  readonly event?: string | undefined;
  /** The longest a trial may take. */
  readonly limitMs: number;
}

/**
 * Counts a trial before it begins. One event is delivered again only after the trial it began has ended: that counts. Another event while
 * a trial may still be running asks for what is under way, so it begins nothing and counts nothing.
 *
 * @returns the version as it is now, and whether the caller is to try it
 */
export async function beginTrial(
  deps: Pick<Deps, 'state' | 'now'>,
  model: string,
  version: string,
  { event, limitMs }: TrialRequest,
): Promise<{ readonly version: UploadedVersion; readonly begun: boolean } | undefined> {
  let begun = false;
  const after = await change(deps, model, version, (current) => {
    const { trials: before = 0, trial_event: running, ...upload } = current.upload;
    begun = false;
    if (running !== undefined && running !== event && isOnTrial(current, deps.now(), limitMs))
      return undefined;
    const trials = before + 1;
    begun = trials <= MAX_TRIALS;
    if (begun)
      return {
        ...current,
        upload: {
          ...upload,
          trials,
          trial_started_at: new Date(deps.now()).toISOString(),
          ...(event === undefined ? {} : { trial_event: event }),
        },
      };
    return {
      ...current,
      status: 'REJECTED',
      reason: `${MAX_TRIALS} trials ended without an answer: the model takes more memory or time than a trial has, or ends its process`,
    };
  });
  return after && { version: after, begun: begun && after.status === 'PENDING' };
}

/** Takes back a trial that failed for no fault of the model: storage that was away. */
export async function forgetTrial(deps: Pick<Deps, 'state'>, model: string, version: string): Promise<void> {
  await change(deps, model, version, (current) => {
    const { trials = 0, trial_started_at: _, trial_event: __, ...upload } = current.upload;
    return { ...current, upload: { ...upload, trials: Math.max(0, trials - 1) } };
  });
}

/** The trial's answer; one that was given already stays. */
export async function settleVersion(
  deps: Pick<Deps, 'state'>,
  model: string,
  version: string,
  answer: Pick<VersionRecord, 'status' | 'sha256' | 'metrics' | 'reason' | 'notes'>,
): Promise<UploadedVersion | undefined> {
  return change(deps, model, version, (current) => ({ ...current, ...answer }));
}

/**
 * What follows from a trial's answer: its ledger entry, and a model's first READY version serves. Both may be done again.
 */
export async function announceSettled(
  deps: Pick<Deps, 'state' | 'now'>,
  model: string,
  { version, status, reason, upload }: UploadedVersion,
): Promise<void> {
  await appendLedger(deps, model, {
    at: Date.parse(upload.completed_at ?? upload.trial_started_at ?? ''),
    action: 'trial',
    actor: upload.actor,
    reason: reason ?? upload.reason,
    detail: { version, status, onnx: upload.files.onnx.sha256 },
  });
  if (status !== 'READY' || (await readPointer(deps, model))) return;
  await changeChampion(deps, {
    model,
    to: version,
    expected: null,
    action: 'register',
    actor: upload.actor,
    reason: upload.reason,
  });
}

/** Trials that a process took with it when it ended are asked for again: none of them is running, and they stay counted. */
export async function resumeTrials(deps: Pick<Deps, 'state' | 'events'>): Promise<void> {
  for (const { name } of await listModels(deps)) {
    const { items } = await deps.state.query(stateKeys.of(name), {
      prefix: 'version#',
      reverse: true,
      limit: 500,
    });
    for (const { value } of items) {
      const one = value as unknown as VersionRecord;
      if (one.status !== 'PENDING' || one.upload?.completed_at === undefined) continue;
      await change(deps, name, one.version, ({ upload: { trial_event: ended, ...upload }, ...rest }) =>
        ended === undefined ? undefined : { ...rest, upload },
      );
      await publishUploaded(deps, name, one.version);
    }
  }
}

/** Changes an uploaded version that is PENDING; answers it as it stands afterwards. */
async function change(
  deps: Pick<Deps, 'state'>,
  model: string,
  version: string,
  to: (current: UploadedVersion) => UploadedVersion | undefined,
): Promise<UploadedVersion | undefined> {
  const found = await findVersion(deps, model, version);
  if (!isUploaded(found)) return undefined;
  return updateItem<UploadedVersion>(deps.state, stateKeys.version(model, version), (current) =>
    current?.status === 'PENDING' ? to(current) : undefined,
  );
}
