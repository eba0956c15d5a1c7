/** Spooled records in the logs of a stage's functions. */
import {
  type CloudWatchLogsClient,
  FilterLogEventsCommand,
  type FilterLogEventsCommandOutput,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { logGroupName } from '#shared/api/names.ts';
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import type { LogLine } from './ports.ts';

/** Who may write predictions may fail to. */
const writers = (Object.keys(functions) as FunctionName[]).filter((name) => {
  const { access }: FunctionSpec = functions[name];
  return access.predictions !== undefined && access.predictions !== 'read';
});

export function spoolLinesOf(client: Pick<CloudWatchLogsClient, 'send'>, stage: string) {
  return async function* spoolLines(sinceMs: number, untilMs: number): AsyncGenerator<LogLine> {
    for (const name of writers) yield* linesOf(client, logGroupName(stage, name), sinceMs, untilMs);
  };
}

async function* linesOf(
  client: Pick<CloudWatchLogsClient, 'send'>,
  logGroup: string,
  sinceMs: number,
  untilMs: number,
): AsyncGenerator<LogLine> {
  let token: string | undefined;
  do {
    const page = await pageOf(client, logGroup, sinceMs, untilMs, token);
    for (const { message, timestamp, logStreamName } of page?.events ?? [])
      if (message !== undefined)
        yield { where: `${logGroup} ${logStreamName} ${new Date(timestamp ?? 0).toISOString()}`, message };
    token = page?.nextToken;
  } while (token !== undefined);
}

/** A function that never ran may have no log. */
async function pageOf(
  client: Pick<CloudWatchLogsClient, 'send'>,
  logGroupName: string,
  startTime: number,
  endTime: number,
  nextToken: string | undefined,
): Promise<FilterLogEventsCommandOutput | undefined> {
  try {
    return await client.send(
      new FilterLogEventsCommand({
        logGroupName,
        startTime,
        endTime,
        filterPattern: '"tidemark_spool"',
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
    );
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
