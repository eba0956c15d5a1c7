/** Named pipes of a test. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

export function makePipe(path: string): void {
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
}

/** Whatever is written into a pipe until its writer closes it; read by another process, as opening one waits. */
export async function readPipe(path: string): Promise<string> {
  const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let read = '';
  reader.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    read += chunk;
  });
  await once(reader, 'close');
  return read;
}
