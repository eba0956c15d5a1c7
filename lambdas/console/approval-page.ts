/** A candidate that waits for a person: what speaks for it, and the form that decides. */
import { callerOf } from '#shared/api/caller.ts';
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { type Approval, findApproval } from '#shared/registry/approval.ts';
import { decideApproval } from '#shared/registry/approve.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { askingPage, type Form, readOrder, seeOther } from './form.ts';
import { baseOf, shortTime } from './page.ts';
import { gateList } from './run-page.ts';
import { approvalHref, modelHref, runHref, table, text } from './table.ts';

/** @throws {ProblemError} 404 where there is no such approval */
export async function approvalPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const approval = await findApproval(deps, event.pathParameters?.id ?? '');
  if (!approval) throw new ProblemError(404, `there is no approval "${event.pathParameters?.id ?? ''}"`);
  const { model: name, version, champion, evidence, execution, reason, startedBy } = approval;
  const model = await resolveModel(deps, name);
  const base = baseOf(event);
  const barred = whyNot(approval, model, { now: deps.now(), actor: callerOf(event)?.name ?? 'operator' });
  const body = html`<p>Version ${version}, made by <a href="${runHref(base, name, execution)}">a run</a> that ${startedBy} started, passed every gate
against the champion ${champion}. It waits for a person: ${reason}.</p>
<h2>Gates</h2>${gateList(evidence.gates)}
<h2>On the same held-out rows</h2>${figures(approval)}
${barred === undefined ? html`<p class="soft">Until ${shortTime(approval.expiresAt)}; then the champion stays.</p>` : html`<p class="note">${barred}</p>`}`;
  return askingPage(event, {
    title: `Promote ${version} of ${name}?`,
    up: { href: modelHref(base, name), text: name },
    body,
    ...(barred === undefined ? { form: formOf(base, approval) } : {}),
  });
}

/** 303 to the run, which goes on with the decision. */
export async function decideForm(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { actor, reason, fields } = readOrder(event);
  const decision = fields.get('decision');
  if (decision !== 'approve' && decision !== 'reject')
    throw new ProblemError(400, `decision ${JSON.stringify(decision ?? '')} is not approve or reject`);
  const readModel = (name: string) => resolveModel(deps, name);
  const id = event.pathParameters?.id ?? '';
  const { model, execution } = await decideApproval(deps, readModel, id, { decision, actor, reason });
  return seeOther(runHref(baseOf(event), model, execution));
}

function formOf(base: string, { id }: Approval): Form {
  return {
    action: approvalHref(base, id),
    buttons: html`<button class="main" name="decision" value="approve">Approve and promote</button><button name="decision" value="reject">Reject</button>`,
  };
}

/** What stands in the way of a decision, in words. */
function whyNot(
  { decision, outcome, expiresAt, startedBy }: Approval,
  { retrain }: ModelRecord,
  { now, actor }: { readonly now: number; readonly actor: string },
): string | undefined {
  if (decision)
    return `It was ${decision.kind} by ${decision.actor}, ${shortTime(decision.at)}: ${decision.reason}`;
  if (outcome !== undefined) return `Its run ended: ${outcome.replaceAll('_', ' ')}.`;
  if (now >= expiresAt) return `Nobody decided before ${shortTime(expiresAt)}.`;
  if (retrain.second_person && startedBy === actor)
    return 'You started its run, and second_person is on: somebody else decides.';
  return undefined;
}

function figures({ evidence: { candidate, champion } }: Approval): Markup {
  const names = [...new Set([...Object.keys(candidate), ...Object.keys(champion)])];
  const shown = (value: number | undefined) =>
    text(value === undefined ? '–' : String(Number(value.toPrecision(4))));
  return table(
    ['Figure', 'Candidate', 'Champion'],
    names.map((name) => [text(name.replaceAll('_', ' ')), shown(candidate[name]), shown(champion[name])]),
  );
}
