/** Credentials of whoever runs: the function's role, or what the AWS configuration of this computer says. Loaded when first asked for. */
import type { Credentials } from './signature.ts';

export function createAwsCredentials(): () => Promise<Credentials> {
  let provider: (() => Promise<Credentials>) | undefined;
  return async () => {
    if (!provider) {
      const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
      // a profile that was refreshed meanwhile is read as it is now
      provider = defaultProvider({ ignoreCache: true });
    }
    return provider();
  };
}
