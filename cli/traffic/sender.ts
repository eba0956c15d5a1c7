/** One JSON request after another over kept connections: what came back, and nothing thrown. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

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
}

export function createSender({ base, connections, timeoutMs }: SenderOptions): Sender {
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
  return {
    post: (path, body) =>
      new Promise((resolve) => {
        const fail = (reason: string) => resolve({ kind: 'failed', reason });
        const length = String(Buffer.byteLength(body));
        const sending = request(
          {
            ...target,
            path: `${prefix}${path}`,
            headers: { 'content-type': 'application/json', 'content-length': length },
          },
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
      }),
    close: () => agent.destroy(),
  };
}
