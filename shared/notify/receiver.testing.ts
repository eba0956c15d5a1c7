/** Test support: a receiver of alerts on this computer that keeps what it gets and answers as it is told. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Received {
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
  /** Taken one by one, the last for good; `hang` never answers. */
  answers: (Answer | 'hang')[];
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
      path: request.url ?? '',
      headers: request.headers,
      text,
      json: isJson ? JSON.parse(text) : {},
    });
    const [answer = { status: 200 }] = receiver.answers;
    if (receiver.answers.length > 1) receiver.answers.shift();
    if (answer !== 'hang') response.writeHead(answer.status, answer.headers).end(answer.text ?? 'ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    answers: [{ status: 200 }],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
