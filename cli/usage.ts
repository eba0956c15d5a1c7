/** Command-line words: parsed by Node's own parser, refused with the offending word and what is allowed. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The options given; positional words are refused. Throws {@link UsageError}. */
export function readOptions<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Options and the files named beside them, in any order. Throws {@link UsageError}. */
export function parseWords<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      strict: true,
      allowPositionals: true,
    });
    return { values, files: positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A whole number within bounds; throws {@link UsageError} otherwise. */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new UsageError(
      `--${name} ${text} is not allowed: a whole number from ${min} to ${max} is expected`,
    );
  return value;
}
