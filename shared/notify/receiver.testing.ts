/** Test support: a receiver of alerts on this computer that keeps what it gets and answers as it is told. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Received {
  /** When it had come whole, milliseconds of `performance.now()`. */
  readonly at: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the body of a test's own message
  readonly json: any;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

export interface Receiver {
  readonly url: string;
  readonly got: Received[];
  /** Taken one by one, the last for good; `hang` never answers, `drip` says 200 and then a little at a time for ever. */
  answers: (Answer | 'hang' | 'drip')[];
  /** Breaks off all connections, also those that hang. */
  drop(): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const got: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const isJson = (request.headers['content-type'] ?? '').includes('json');
    got.push({
      at: performance.now(),
      path: request.url ?? '',
      headers: request.headers,
      text,
      json: isJson ? JSON.parse(text) : {},
    });
    const [answer = { status: 200 }] = receiver.answers;
    if (receiver.answers.length > 1) receiver.answers.shift();
    if (answer === 'drip') {
      response.writeHead(200);
      const dripping = setInterval(() => response.write('.'), 40);
      response.on('close', () => clearInterval(dripping));
    } else if (answer !== 'hang') response.writeHead(answer.status, answer.headers).end(answer.text ?? 'ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    answers: [{ status: 200 }],
    drop: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
