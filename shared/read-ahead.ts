/** Many small objects in a row: a few are read while the one before is worked on, so that a store's latency is paid once. */

/**
 * What `read` makes of each input, in their order; up to `ahead` more are being read meanwhile. A read that fails throws in its turn.
 *
 * @example for await (const bytes of readAhead(keys, 4, (key) => objects.get(key))) add(bytes);
 */
export async function* readAhead<Input, Output>(
  inputs: AsyncIterable<Input> | Iterable<Input>,
  ahead: number,
  read: (input: Input) => Promise<Output>,
): AsyncGenerator<Output> {
  const pending: Promise<Output>[] = [];
  for await (const input of inputs) {
    const next = read(input);
    // it is thrown in its turn; until then nobody waits for it
    next.catch(() => undefined);
    pending.push(next);
    if (pending.length > ahead) yield await pending.shift()!;
  }
  for (const last of pending) yield await last;
}
