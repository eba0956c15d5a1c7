/** What goes wrong on purpose: a deployed function that cannot do its work for a while. */
import { call } from './api.ts';
import type { Endpoints } from './endpoints.ts';

interface Configuration {
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
}

/** Points the function at a table that is not there while `during` runs. */
export async function withBrokenFunction(
  { url }: Endpoints,
  name: string,
  during: () => Promise<void>,
): Promise<void> {
  const configuration = `${url}/2015-03-31/functions/tidemark-local-${name}/configuration`;
  const { Environment } = await call<Configuration>(configuration);
  const broken = { Variables: { ...Environment.Variables, STATE_TABLE: 'not-there' } };
  await put(configuration, { Environment: broken });
  try {
    await during();
  } finally {
    await put(configuration, { Environment: { Variables: Environment.Variables } });
  }
}

async function put(url: string, body: Configuration): Promise<void> {
  const response = await fetch(url, { method: 'PUT', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} from ${url}: ${await response.text()}`);
}
