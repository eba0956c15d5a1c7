/** Functions of a stage, invoked and waited for. */
import { InvokeCommand, type LambdaClient, LambdaServiceException } from '@aws-sdk/client-lambda';
import { functionName } from '#shared/api/names.ts';
import type { FunctionName } from '#shared/api/surface.ts';
import type { Invoked } from './ports.ts';

/**
 * Not asynchronously: then nobody would know whether it worked, and a failure would come back as another dead letter.
 *
 * @example await invokerOf(new LambdaClient({}), 'dev')('monitor', event) // {ok: false, reason: 'ZodError: …'}
 */
export function invokerOf(client: Pick<LambdaClient, 'send'>, stage: string) {
  return async (fn: FunctionName, payload: unknown): Promise<Invoked> => {
    try {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({
          FunctionName: functionName(stage, fn),
          Payload: Buffer.from(JSON.stringify(payload)),
        }),
      );
      if (FunctionError === undefined) return { ok: true };
      return { ok: false, reason: errorIn(Payload) ?? FunctionError };
    } catch (error) {
      if (!(error instanceof LambdaServiceException)) throw error;
      return { ok: false, reason: `${error.name}: ${error.message}` };
    }
  };
}

function errorIn(payload: Uint8Array | undefined): string | undefined {
  try {
    const { errorType, errorMessage } = JSON.parse(Buffer.from(payload ?? []).toString('utf8')) as {
      readonly errorType?: string;
      readonly errorMessage?: string;
    };
    return (
      [errorType, errorMessage?.slice(0, 500)].filter((part) => part !== undefined).join(': ') || undefined
    );
  } catch {
    return undefined;
  }
}
