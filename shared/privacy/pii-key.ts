/** The key that tokens are made with, as every host hands it out: asked for once per process, and not before it is needed. */
import type { Deps } from '../deps.ts';

/**
 * Remembers the key once it was read; what could not be read is asked for again, and so is a key that is not there yet.
 *
 * @example const piiKey = rememberedKey(() => secrets('pii-key'));
 */
export function rememberedKey(read: () => Promise<string | undefined>): Deps['piiKey'] {
  let known: Promise<string | undefined> | undefined;
  return async () => {
    known ??= read();
    const reading = known;
    try {
      const key = await reading;
      if (key === undefined && known === reading) known = undefined;
      return key;
    } catch (error) {
      if (known === reading) known = undefined;
      throw error;
    }
  };
}
