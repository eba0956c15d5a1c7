/** The address of a deployed stage: an output of its serving stack. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { regionOfApi } from '../http/signer.ts';

/** The stage has no address to be had; the message is for a person. */
export class NoApiError extends Error {
  override readonly name = 'NoApiError';
}

export interface FindOptions {
  readonly stage: string;
  /** @default that of the profile */
  readonly region?: string;
  readonly profile?: string;
}

/** @throws {NoApiError} where there is no such stack, it has no address, or CloudFormation does not answer */
export async function findApi({
  stage,
  region,
  profile,
}: FindOptions): Promise<{ readonly url: URL; readonly region: string }> {
  const stack = `tidemark-${stage}-serving`;
  const client = new CloudFormationClient({
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  });
  try {
    const place = await client.config.region();
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const text = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'ApiUrl')?.OutputValue;
    if (text === undefined || !URL.canParse(text)) throw new Error(`it has no output ApiUrl`);
    const url = new URL(text);
    return { url, region: regionOfApi(url) ?? place };
  } catch (cause) {
    const where = region === undefined ? '' : ` in ${region}`;
    throw new NoApiError(
      `the address of stage ${stage} cannot be read from the stack ${stack}${where}: ${(cause as Error).message}; is it deployed in this account and region`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}
