/** `tidemark console`: the pages and routes of a deployment in this computer's browser, signed on the way. */
import { CredentialsError, createSigner } from '../http/signer.ts';
import { findApi, NoApiError } from './find-api.ts';
import { createForward } from './forward.ts';
import { readConsoleOptions } from './options.ts';
import { startProxy } from './proxy.ts';

export { consoleHelp } from './options.ts';

/** Throws {@link UsageError}. */
export async function runConsole(args: readonly string[]): Promise<number> {
  const { port, profile, target } = readConsoleOptions(args, process.env);
  const withProfile = profile === undefined ? {} : { profile };
  const tell = (line: string) => void process.stderr.write(`tidemark console: ${line}\n`);
  try {
    const { url: api, region } = 'url' in target ? target : await findApi({ ...target, ...withProfile });
    const sign = createSigner({ region, ...withProfile });
    // credentials that are missing are told before a page is asked for
    await sign({ method: 'GET', url: api, headers: {} });
    const { forward, close } = createForward();
    const proxy = await startProxy({ api, sign, forward, port, tell });
    process.stdout.write(
      `${proxy.url}/console shows ${api.href}, with your AWS credentials for ${region}; Ctrl-C ends it\n`,
    );
    await interrupted();
    await proxy.close();
    close();
    return 0;
  } catch (error) {
    if (!(error instanceof NoApiError) && !(error instanceof CredentialsError)) throw error;
    tell(error.message);
    return 1;
  }
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
