/** Secrets from AWS Secrets Manager, by name under the deployment's prefix. */
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Deps } from '../deps.ts';

export interface SecretsOptions {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  /** Before every name, `tidemark/prod/`. */
  readonly prefix: string;
}

export function createSecrets({ client, prefix }: SecretsOptions): Deps['secret'] {
  return async (name) => {
    try {
      const found = await client.send(new GetSecretValueCommand({ SecretId: `${prefix}${name}` }));
      return found.SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
}
