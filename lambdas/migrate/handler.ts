/**
 * Run by a deployment, before the new functions are: what is stored is brought to the form they read, or the deployment ends with the reason.
 * CloudFormation waits for an answer at a URL and hangs without one, so that one is given whatever happens.
 */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Deps } from '#shared/deps.ts';
import { migrateStored } from '#shared/registry/stored-schema.ts';

type Answer =
  | { readonly Status: 'SUCCESS'; readonly Data: { readonly from: number; readonly to: number } }
  | { readonly Status: 'SUCCESS' }
  | { readonly Status: 'FAILED'; readonly Reason: string };

/** CloudFormation takes an answer of at most 4 KB. */
const maxReason = 1000;

export function createMigrateHandler(deps: Deps, migrate: typeof migrateStored = migrateStored) {
  return async (event: CloudFormationCustomResourceEvent): Promise<Answer['Status']> => {
    const answer = await answerTo(event);
    await send(event, answer);
    return answer.Status;
  };

  async function answerTo({ RequestType }: CloudFormationCustomResourceEvent): Promise<Answer> {
    // The data outlive the resource.
    if (RequestType === 'Delete') return { Status: 'SUCCESS' };
    try {
      return { Status: 'SUCCESS', Data: await migrate(deps) };
    } catch (error) {
      deps.log('error', 'what is stored was not migrated', { error: String(error) });
      return { Status: 'FAILED', Reason: (error as Error).message.slice(0, maxReason) };
    }
  }
}

/** A reply that gets lost is sent again: CloudFormation takes the first. */
async function send(event: CloudFormationCustomResourceEvent, answer: Answer): Promise<void> {
  const body = JSON.stringify({
    PhysicalResourceId: 'stored-schema',
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    ...answer,
  });
  for (let tries = 3; ; tries--) {
    try {
      // The URL is signed for no content type; fetch would name one.
      const response = await fetch(event.ResponseURL, {
        method: 'PUT',
        headers: { 'content-type': '' },
        body,
        signal: AbortSignal.timeout(10_000),
      });
      if (response.ok) return;
      throw new Error(`CloudFormation answered ${response.status}`);
    } catch (error) {
      if (tries === 1) throw error;
    }
  }
}
