/** A workspace of Managed Grafana, seen from AWS: whether it is up, and tokens for its HTTP API that do not outlive their use. */
import type { Deps } from '../deps.ts';

export interface Workspace {
  /** As AWS calls it: ACTIVE, CREATING, …; and where it answers, with its scheme. */
  describe(): Promise<{ readonly status: string; readonly url: string }>;
  /** @returns the id of the service account with this name, an administrator; made where there is none */
  serviceAccount(name: string): Promise<string>;
  createToken(
    account: string,
    name: string,
    secondsToLive: number,
  ): Promise<{ readonly id: string; readonly key: string }>;
  deleteToken(account: string, token: string): Promise<void>;
}

interface TokenOptions extends Pick<Deps, 'now' | 'log'> {
  readonly wait: (ms: number) => Promise<void>;
  /** The workspace has to be active by then, Unix milliseconds. */
  readonly until: number;
  /** Unique: names of tokens are. */
  readonly tokenName: string;
}

const accountName = 'tidemark-provisioner';
const tokenSeconds = 600;
const pollMs = 5000;
/** It will be active, or another status, by itself. */
const passing = ['CREATING', 'UPDATING', 'UPGRADING', 'VERSION_UPDATING'];

/**
 * Waits for the workspace, and does `work` with a token that is deleted afterwards, whatever came of it.
 *
 * @throws the error of `work`; or an Error with the status, where the workspace is not active in time or will not be
 */
export async function withToken(
  workspace: Workspace,
  options: TokenOptions,
  work: (url: string, token: string) => Promise<void>,
): Promise<void> {
  const url = await active(workspace, options);
  const account = await workspace.serviceAccount(accountName);
  const { id, key } = await workspace.createToken(account, options.tokenName, tokenSeconds);
  try {
    await work(url, key);
  } finally {
    await workspace.deleteToken(account, id).catch((error: unknown) =>
      options.log('error', 'a token of Grafana was not deleted; it ends by itself', {
        ...{ token: id, seconds: tokenSeconds, error: String(error) },
      }),
    );
  }
}

async function active(workspace: Workspace, { now, wait, until }: TokenOptions): Promise<string> {
  for (;;) {
    const { status, url } = await workspace.describe();
    if (status === 'ACTIVE') return url;
    if (!passing.includes(status)) throw new Error(`the Grafana workspace is ${status}: want ACTIVE`);
    if (now() + pollMs >= until) throw new Error(`the Grafana workspace is still ${status}: want ACTIVE`);
    await wait(pollMs);
  }
}
