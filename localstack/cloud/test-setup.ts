/** Before the tests of project `cloud`: one fresh MiniStack with the app deployed, and what both took. */
import type { TestProject } from 'vitest/node';
import { deployLocal } from './deploy.ts';
import type { Endpoints } from './endpoints.ts';
import { startMiniStack } from './ministack.ts';
import { storyModels, trainAndRegister } from './story.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly endpoints: Endpoints;
    readonly logFile: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const startedAt = Date.now();
  const ministack = await startMiniStack();
  const seconds = (since: number) => (Date.now() - since) / 1000;
  process.stdout.write(`ministack at ${ministack.url} after ${seconds(startedAt).toFixed(1)} s\n`);
  try {
    const deployedAt = Date.now();
    const endpoints = await deployLocal(ministack.url);
    process.stdout.write(
      `bootstrapped and deployed in ${seconds(deployedAt).toFixed(1)} s, the API is ${endpoints.api}\n`,
    );
    // before any file's own: the first model is the default, which the story looks at
    await trainAndRegister(endpoints, Object.values(storyModels));
    provide('endpoints', endpoints);
    provide('logFile', ministack.logFile);
  } catch (error) {
    await ministack.stop();
    throw error;
  }
  return () => ministack.stop();
}
