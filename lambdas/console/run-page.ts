/** One run: how far it is, and what came of it, in words. Loads itself anew while the run is under way. */
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { type FoundRun, findRun } from '#shared/operations/find-run.ts';
import { type Phase, progressOf } from '#shared/operations/run-progress.ts';
import { type Approval, approvalId, findApproval } from '#shared/registry/approval.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { type RunOutcome, reasonOf } from '#shared/registry/run.ts';
import type { GateResult } from '#shared/retrain/gate.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { baseOf, page, shortTime } from './page.ts';
import { approvalHref, modelHref } from './table.ts';

const REFRESH_SECONDS = 5;
/** A candidate that waits for a person waits for hours. */
const WAITING_REFRESH_SECONDS = 60;

/** @throws {ProblemError} 404 where there is no such model or run */
export async function runPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const found = await findRun(deps, name, event.pathParameters?.id ?? '');
  const { execution, record } = found;
  const approval = await findApproval(deps, approvalId(name, execution.id));
  const base = baseOf(event);
  const isWaiting = record?.outcome === 'awaiting_approval';
  const body = html`${askedBy(found)}
<ol class="stages">${progressOf(execution).map(phaseLine)}</ol>
<p><b>${outcomeOf(found)}</b></p>${reasonLine(found)}
${isWaiting && approval ? html`<p><a href="${approvalHref(base, approval.id)}">See what speaks for it, and decide</a></p>` : undefined}
${gatesOf(found, approval)}`;
  const refresh = isWaiting ? WAITING_REFRESH_SECONDS : REFRESH_SECONDS;
  return page(event, {
    title: `Run of ${name}, ${shortTime(execution.startedAt)}`,
    up: { href: modelHref(base, name), text: name },
    body,
    refreshSeconds: execution.status === 'RUNNING' ? refresh : undefined,
  });
}

function askedBy({ execution }: FoundRun): Markup {
  const { actor, reason, trigger, from, feature } = execution.input as Readonly<Record<string, unknown>>;
  const about = typeof feature === 'string' ? `, about "${feature}"` : '';
  const through = typeof from === 'string' ? `, from ${from}` : '';
  const what = trigger === 'operator' ? '' : `${String(trigger)}: `;
  return html`<p class="soft">Asked for by ${String(actor)}${through}${about}: ${what}${String(reason ?? 'no reason was given')}</p>`;
}

const words: Readonly<Record<Phase['status'], string>> = {
  done: '✓ done',
  running: '… under way',
  failed: '✗ failed',
  waiting: '– not yet',
  skipped: '– not reached, or not needed',
};

function phaseLine({ name, status }: Phase): Markup {
  return html`<li class="${status}"><b>${name}</b><span>${words[status]}</span></li>`;
}

const outcomes: Readonly<Record<RunOutcome, string>> = {
  promoted: 'The candidate is the champion now.',
  rejected: 'The candidate is rejected; the champion serves on.',
  awaiting_approval: 'The candidate passed every gate and waits for a person.',
  expired: 'Nobody decided in time; the champion serves on.',
  superseded: 'A newer candidate, or another champion, took its place; this one is not promoted.',
  awaiting_promotion: 'The candidate passed every gate; a person may promote it.',
  insufficient_labels: 'There were too few labelled rows to learn from; the champion serves on.',
  invalid_data: 'The data did not pass its checks; the champion serves on.',
  parity_failed: 'The exported candidate did not answer as it was trained; the champion serves on.',
  conflict: 'The champion was changed meanwhile; the candidate is not promoted.',
  failed: 'The run failed; the champion serves on.',
};

function outcomeOf({ execution, record }: FoundRun): string {
  if (record) return outcomes[record.outcome];
  if (execution.status === 'RUNNING') return 'The run is under way. This page loads itself anew.';
  return execution.status === 'SUCCEEDED' ? 'The run was not started.' : outcomes.failed;
}

function reasonLine({ execution, record }: FoundRun): Markup | undefined {
  if (record) return html`<p>${reasonOf(record.detail)}</p>`;
  const { reason } = (execution.output ?? {}) as { reason?: unknown };
  if (typeof reason === 'string') return html`<p>${reason}</p>`;
  return execution.error && html`<p>${execution.error.name}: ${execution.error.cause}</p>`;
}

function gatesOf({ record }: FoundRun, approval: Approval | undefined): Markup | undefined {
  const detail = record?.detail as { gates?: readonly GateResult[] } | undefined;
  const gates = approval?.evidence.gates ?? detail?.gates ?? [];
  return gates.length === 0 ? undefined : html`<h2>Gates</h2>${gateList(gates)}`;
}

/** Each with what it saw, which says its name in words. */
export function gateList(gates: readonly GateResult[]): Markup {
  const lines = gates.map(
    ({ passed, detail }) =>
      html`<li><span class="${passed ? 'good' : 'bad'}">${passed ? '✓ passed' : '✗ failed'}</span> ${detail}</li>`,
  );
  return html`<ul>${lines}</ul>`;
}
