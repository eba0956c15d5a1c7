/** `tidemark models approvals|approve|reject`: the candidates that wait for a person, and the person's word. */
import { UsageError } from '../usage.ts';
import { type Context, figures, printJson, printTable } from './print.ts';

interface ListedApproval {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly champion: string;
  readonly reason: string;
  readonly expires_at: string;
  readonly metrics: Readonly<Record<'candidate' | 'champion', Readonly<Record<string, number>>>>;
}

export async function printApprovals(context: Context, [name]: readonly string[]): Promise<number> {
  const query = name === undefined ? '' : `?model=${encodeURIComponent(name)}`;
  const answer = await context.client.get<{ approvals: ListedApproval[] }>(`/approvals${query}`);
  if (context.isJson) return printJson(answer);
  if (answer.approvals.length === 0) process.stdout.write('nothing waits for approval\n');
  for (const { id, model, version, champion, reason, expires_at, metrics } of answer.approvals) {
    process.stdout.write(`${id}: ${model} ${version}, until ${expires_at} (${reason})\n`);
    printTable([
      ['  candidate', version, figures(metrics.candidate)],
      ['  champion', champion, figures(metrics.champion)],
    ]);
  }
  return 0;
}

/** The run goes on with the decision by itself; what comes of it is in `show` and `versions`. */
export function decide(decision: 'approve' | 'reject') {
  return async (context: Context, [id = '']: readonly string[]): Promise<number> => {
    if (decision === 'reject' && context.reason === undefined)
      throw new UsageError('reject takes --reason TEXT: it is what the version and the ledger say');
    const answer = await context.client.post<{ model: string; version: string }>(
      `/approvals/${encodeURIComponent(id)}`,
      { decision, actor: context.actor, reason: context.reason ?? 'approved from the command line' },
    );
    if (context.isJson) return printJson(answer);
    const { model, version } = answer;
    process.stdout.write(
      decision === 'approve'
        ? `${version} of ${model} is approved; its run promotes it\n`
        : `${version} of ${model} is rejected\n`,
    );
    return 0;
  };
}
