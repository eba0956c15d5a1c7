/** A workspace of Amazon Managed Grafana, by its control plane. */
import {
  CreateWorkspaceServiceAccountCommand,
  CreateWorkspaceServiceAccountTokenCommand,
  DeleteWorkspaceServiceAccountTokenCommand,
  DescribeWorkspaceCommand,
  type GrafanaClient,
  ListWorkspaceServiceAccountsCommand,
} from '@aws-sdk/client-grafana';
import type { Workspace } from '../grafana/workspace.ts';

export interface GrafanaWorkspaceOptions {
  readonly client: GrafanaClient;
  readonly workspaceId: string;
}

export function createGrafanaWorkspace({ client, workspaceId }: GrafanaWorkspaceOptions): Workspace {
  async function accountNamed(name: string): Promise<string | undefined> {
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new ListWorkspaceServiceAccountsCommand({ workspaceId, ...(nextToken && { nextToken }) }),
      );
      const found = page.serviceAccounts?.find((account) => account.name === name);
      if (found) return found.id;
      nextToken = page.nextToken;
    } while (nextToken);
    return undefined;
  }

  return {
    async describe() {
      const { workspace } = await client.send(new DescribeWorkspaceCommand({ workspaceId }));
      return { status: workspace?.status ?? 'UNKNOWN', url: `https://${workspace?.endpoint}` };
    },
    async serviceAccount(name) {
      const found = await accountNamed(name);
      if (found !== undefined) return found;
      const made = await client.send(
        new CreateWorkspaceServiceAccountCommand({ workspaceId, name, grafanaRole: 'ADMIN' }),
      );
      return made.id!;
    },
    async createToken(serviceAccountId, name, secondsToLive) {
      const { serviceAccountToken } = await client.send(
        new CreateWorkspaceServiceAccountTokenCommand({ workspaceId, serviceAccountId, name, secondsToLive }),
      );
      return { id: serviceAccountToken!.id!, key: serviceAccountToken!.key! };
    },
    async deleteToken(serviceAccountId, tokenId) {
      await client.send(
        new DeleteWorkspaceServiceAccountTokenCommand({ workspaceId, serviceAccountId, tokenId }),
      );
    },
  };
}
