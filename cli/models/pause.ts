/** `tidemark models pause|resume`: whether a model answers batches; single predictions go on in any case. */
import { UsageError } from '../usage.ts';
import { type Context, printJson } from './print.ts';

/** Ready to be a subcommand; asked for again, it says so and changes nothing. */
export function turn(action: 'pause' | 'resume') {
  return async (context: Context, [name = '']: readonly string[]): Promise<number> => {
    const { actor, reason } = context;
    if (reason === undefined)
      throw new UsageError(`${action} takes --reason TEXT: it is what callers and the ledger are told`);
    const answer = await context.client.post<{ paused: boolean; changed: boolean }>(
      `/models/${encodeURIComponent(name)}/${action}`,
      { actor, reason },
    );
    if (context.isJson) return printJson(answer);
    const state = answer.paused ? 'paused: batches are refused' : 'not paused: batches are answered';
    process.stdout.write(`${name} is ${answer.changed ? '' : 'already '}${state}\n`);
    return 0;
  };
}
