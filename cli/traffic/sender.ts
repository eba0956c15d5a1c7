/** One JSON request after another over kept connections: what came back, and nothing thrown. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { canonicalUrl, type Sign } from '../http/signer.ts';

export type Reply =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
      readonly body: string;
    }
  /** No whole answer came. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface Sender {
  post(path: string, body: string): Promise<Reply>;
  /** Ends what is under way too. */
  close(): void;
}

export interface SenderOptions {
  /** Its path, such as an API's stage, goes before every other. */
  readonly base: URL;
  readonly connections: number;
  readonly timeoutMs: number;
  /** Puts AWS signatures on the requests, where the host asks for them. */
  readonly sign?: Sign;
}

export function createSender({ base, connections, timeoutMs, sign }: SenderOptions): Sender {
  const isSecure = base.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: connections };
  const agent = isSecure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  const request = isSecure ? httpsRequest : httpRequest;
  const prefix = base.pathname.replace(/\/+$/, '');
  const target = {
    protocol: base.protocol,
    hostname: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port,
    method: 'POST',
    agent,
  };
  type Wire = { readonly path: string; readonly headers: Readonly<Record<string, string>> };

  async function wireOf(path: string, body: string): Promise<Wire> {
    const headers = { 'content-type': 'application/json' };
    if (!sign) return { path: `${prefix}${path}`, headers };
    const url = canonicalUrl(new URL(`${prefix}${path}`, base));
    return { path: url.pathname, headers: await sign({ method: 'POST', url, headers, body }) };
  }

  const exchange = ({ path, headers }: Wire, body: string): Promise<Reply> =>
    new Promise((resolve) => {
      const fail = (reason: string) => resolve({ kind: 'failed', reason });
      const length = String(Buffer.byteLength(body));
      const sending = request(
        { ...target, path, headers: { ...headers, 'content-length': length } },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
          response.on('end', () => {
            clearTimeout(timer);
            const { statusCode: status = 0, headers: answered } = response;
            resolve({ kind: 'answered', status, headers: answered, body: text });
          });
        },
      );
      const timer = setTimeout(() => {
        fail(`no answer within ${timeoutMs} ms`);
        sending.destroy();
      }, timeoutMs);
      sending.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        fail(error.code ?? error.message);
      });
      sending.end(body);
    });

  return {
    async post(path, body) {
      try {
        return await exchange(await wireOf(path, body), body);
      } catch (error) {
        return { kind: 'failed', reason: (error as Error).message };
      }
    },
    close: () => agent.destroy(),
  };
}
