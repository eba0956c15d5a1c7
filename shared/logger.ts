/** Structured logs: one JSON line per message, with the ids of the invocation it is of; nothing below the set level. */
import type { Deps } from './deps.ts';
import type { Settings } from './settings.ts';
import { logContext } from './telemetry/log-context.ts';
import { logLine } from './telemetry/log-line.ts';

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
    write(logLine({ timestamp: new Date(now()).toISOString(), level: at, message }, logContext(), detail));
  };
}
