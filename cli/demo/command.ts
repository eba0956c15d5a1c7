/** `tidemark demo`: from words to exit code. The story itself is in story.ts, what is printed of it in result.ts. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { UsageError } from '../usage.ts';
import { loadData } from './data.ts';
import { planInjection } from './injection.ts';
import { createNarrator } from './narrator.ts';
import { demoHelp, readDemoOptions } from './options.ts';
import { judgeDemo } from './result.ts';
import { tellStory } from './story.ts';

export { demoHelp };

export async function runDemo(args: readonly string[]): Promise<number> {
  const startedAt = Date.now();
  const options = readDemoOptions(args);
  const narrator = createNarrator(options.json ? process.stderr : process.stdout, startedAt);
  narrator.say(
    `tidemark demo: ${options.file ?? 'generated gem sales'}, predicting ${options.target}, drift: ${options.drift}`,
  );
  const data = loadData(options);
  const { drift, driftSize, seed } = options;
  const injection = planInjection(drift, data.inferred.schema, data.train, driftSize, seed);
  const dataDir = emptyFolder(
    options.dataDir ?? join('.tidemark', `demo-${stamp(startedAt)}-${process.pid}`),
  );
  const story = await tellStory(options, data, injection, dataDir, narrator);
  const { result, failures } = judgeDemo(options, data, story, startedAt);
  writeFileSync(join(dataDir, 'demo.json'), `${JSON.stringify(result, null, 2)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  narrator.conclude(result, failures);
  narrator.paste(relative(process.cwd(), dataDir) || '.', story.alarmReport);
  return failures.length === 0 ? 0 : 1;
}

function stamp(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
}

function emptyFolder(path: string): string {
  const dir = resolve(path);
  if (existsSync(dir) && readdirSync(dir).length > 0)
    throw new UsageError(`--data-dir ${path} is not empty; the demo needs a folder of its own`);
  mkdirSync(dir, { recursive: true });
  return dir;
}
