/** Structured logs: one JSON line per message on stderr-safe stdout, nothing below the set level. */
import type { Deps } from './deps.ts';
import type { Settings } from './settings.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** @param write one line, without its end */
export function createLogger(
  level: Settings['LOG_LEVEL'],
  write: (line: string) => void,
  now: () => number,
): Deps['log'] {
  const least = levels.indexOf(level);
  return (at, message, detail) => {
    if (levels.indexOf(at) < least) return;
    write(JSON.stringify({ time: new Date(now()).toISOString(), level: at, message, ...detail }));
  };
}
