/** A function that a deployment runs: CloudFormation waits for an answer at a URL and hangs without one, so one is given whatever happens. */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Deps } from '../deps.ts';

type Answer =
  | { readonly Status: 'SUCCESS'; readonly Data?: object }
  | { readonly Status: 'FAILED'; readonly Reason: string };

/** CloudFormation takes an answer of at most 4 KB. */
const maxReason = 1000;

/**
 * @param physicalId of the resource, always the same: another one would have the old resource deleted
 * @param work what is to be done; what it answers becomes attributes of the resource, what it throws ends the deployment with the message
 * @returns a handler for the service token of a custom resource
 *
 * @example export const handler = answerDeployment('stored-schema', deps, async () => migrate());
 */
export function answerDeployment(
  physicalId: string,
  { log }: Pick<Deps, 'log'>,
  work: (event: CloudFormationCustomResourceEvent) => Promise<object | undefined>,
) {
  return async (event: CloudFormationCustomResourceEvent): Promise<Answer['Status']> => {
    const answer = await answerTo(event);
    await send(event, physicalId, answer);
    return answer.Status;
  };

  async function answerTo(event: CloudFormationCustomResourceEvent): Promise<Answer> {
    try {
      const data = await work(event);
      return { Status: 'SUCCESS', ...(data && { Data: data }) };
    } catch (error) {
      log('error', 'the deployment is ended', { resource: physicalId, error: String(error) });
      return { Status: 'FAILED', Reason: (error as Error).message.slice(0, maxReason) };
    }
  }
}

/** A reply that gets lost is sent again: CloudFormation takes the first. */
async function send(
  event: CloudFormationCustomResourceEvent,
  physicalId: string,
  answer: Answer,
): Promise<void> {
  const body = JSON.stringify({
    PhysicalResourceId: physicalId,
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
