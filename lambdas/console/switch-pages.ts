/** Pause, resume and roll back: pages that ask, and the orders that their forms send. All three may be sent twice. */
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { moveChampion, rollbackTarget } from '#shared/operations/move-champion.ts';
import { changePause, type Pause, readPause } from '#shared/registry/pause.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { askingPage, type Form, fieldOf, readOrder, seeOther } from './form.ts';
import { baseOf, shortTime } from './page.ts';
import { modelHref } from './table.ts';

const named = (deps: Deps, event: HttpEvent) => resolveModel(deps, event.pathParameters?.model ?? undefined);

export async function pausePage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const pause = await readPause(deps, name);
  if (pause?.paused) return nothingToDo(event, name, 'It is paused already.');
  return asking(event, name, {
    title: `Pause batches of ${name}?`,
    body: html`<p>Batch predictions are refused from then on, until a person resumes them; nothing resumes them by itself. Single
predictions, monitoring and retraining go on.</p>`,
    action: 'pause',
    hidden: seenOf(pause),
    button: 'Pause batches',
  });
}

export async function resumePage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const pause = await readPause(deps, name);
  if (!pause?.paused) return nothingToDo(event, name, 'It is not paused.');
  const { at, actor, reason } = pause.change;
  return asking(event, name, {
    title: `Resume batches of ${name}?`,
    body: html`<p>Paused since ${shortTime(at)} by ${actor}: ${reason}</p><p>Batch predictions are answered again at once.</p>`,
    action: 'resume',
    hidden: seenOf(pause),
    button: 'Resume batches',
  });
}

export async function rollbackPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const { from, to } = await rollbackTarget(deps, name, undefined);
  return asking(event, name, {
    title: `Roll ${name} back?`,
    body: html`<p>${to} serves again, in place of ${from}. Every warm function follows within half a minute. The version that is left stays where it is and can be promoted again.</p>`,
    action: 'rollback',
    button: `Roll back to ${to}`,
    hidden: { from, to },
  });
}

export const pauseForm = (deps: Deps, event: HttpEvent): Promise<HttpResult> => turn(deps, event, true);
export const resumeForm = (deps: Deps, event: HttpEvent): Promise<HttpResult> => turn(deps, event, false);

async function turn(deps: Deps, event: HttpEvent, paused: boolean): Promise<HttpResult> {
  const order = readOrder(event);
  const { name } = await named(deps, event);
  const seen = Number(fieldOf(order, 'seen'));
  const { actor, reason } = order;
  const { pause } = await changePause(deps, name, {
    paused,
    actor,
    reason,
    seen,
    detail: { from: 'console' },
  });
  if ((pause?.paused ?? false) !== paused)
    throw new ProblemError(409, `batches of "${name}" were paused or resumed meanwhile; open the page again`);
  return seeOther(modelHref(baseOf(event), name));
}

/** From the champion that the page showed to the one that it named, or not at all. */
export async function rollbackForm(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const order = readOrder(event);
  const { name: model } = await named(deps, event);
  const [from, to] = [fieldOf(order, 'from'), fieldOf(order, 'to')];
  if (from === to)
    throw new ProblemError(400, `"${to}" is the version that is left and the one that is wanted`);
  const { actor, reason } = order;
  await moveChampion(deps, { model, to, from, action: 'rollback', actor, reason });
  return seeOther(modelHref(baseOf(event), model));
}

/** A form that is sent again much later must not undo what was done since. */
const seenOf = (pause: Pause | undefined) => ({ seen: String(pause?.change.at ?? 0) });

interface Asked {
  readonly title: string;
  readonly body: Markup;
  readonly action: string;
  readonly button: string;
  readonly hidden?: NonNullable<Form['hidden']>;
}

function asking(event: HttpEvent, model: string, { title, body, action, button, hidden = {} }: Asked) {
  const href = modelHref(baseOf(event), model);
  const form = {
    action: `${href}/${action}`,
    hidden,
    buttons: html`<button class="main">${button}</button>`,
  };
  return askingPage(event, { title, up: { href, text: model }, body, form });
}

function nothingToDo(event: HttpEvent, model: string, why: string): HttpResult {
  const up = { href: modelHref(baseOf(event), model), text: model };
  return askingPage(event, { title: 'Nothing to do', up, body: html`<p>${why}</p>` });
}
