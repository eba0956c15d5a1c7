/** Who sends, for a receiver that asks for a password or a token: `Authorization: Basic …` or `Bearer …`. */
import type { Sign } from '../aws/signature.ts';
import type { Deps } from '../deps.ts';

/** Secrets that may be there, one of them at most. */
const tokenName = 'remote-write-bearer-token';
const passwordName = 'remote-write-basic-auth';

export interface Authorization {
  /** Throws where the secrets cannot be read, contradict each other or cannot be sent. */
  readonly sign: Sign;
  /** Reads the secrets anew before the next request. */
  readonly forget: () => void;
}

/**
 * For receivers other than Managed Prometheus. In this order: user and password of the address (`https://user:password@host/…`), the
 * secret `remote-write-bearer-token`, the secret `remote-write-basic-auth` (`user:password`); without any of them nothing is added.
 * A secret is read once, and again after the receiver refused it: a token that was exchanged needs no restart.
 *
 * @param url with or without user and password
 * @example await createAuthorization(deps, new URL('https://ann:pw@host/')).sign(request) // { …, authorization: 'Basic YW5uOnB3' }
 */
export function createAuthorization({ secret }: Pick<Deps, 'secret'>, url: URL): Authorization {
  let kept: string | undefined;
  const read = async (): Promise<string> => {
    if (url.username !== '' || url.password !== '')
      return basic(`${decoded(url.username)}:${decoded(url.password)}`);
    const [token = '', pair = ''] = (await Promise.all([secret(tokenName), secret(passwordName)])).map(
      (text) => text?.trim(),
    );
    if (token !== '' && pair !== '')
      throw new Error(`there are both secrets ${tokenName} and ${passwordName}: one is expected`);
    if (pair !== '' && !pair.includes(':'))
      throw new Error(`the secret ${passwordName} has no colon: user:password is expected`);
    // a line end in it would be an error of Node's that shows the header
    if (!/^[!-~]*$/.test(token))
      throw new Error(
        `the secret ${tokenName} holds more than the characters of a token: it is sent in a header`,
      );
    if (token !== '') return `Bearer ${token}`;
    return pair === '' ? '' : basic(pair);
  };
  return {
    sign: async ({ headers }) => {
      kept ??= await read();
      return kept === '' ? headers : { ...headers, authorization: kept };
    },
    forget: () => {
      kept = undefined;
    },
  };
}

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

/** A percent sign that was not encoded stays what it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
