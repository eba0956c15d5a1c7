#!/usr/bin/env node
// The `tidemark` command: checks Node, registers the TypeScript loader, then runs main.ts. There is no build step.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`tidemark needs Node 20.19 or newer; this is ${process.versions.node}`);
  process.exit(2);
}
const { register } = await import('tsx/esm/api');
register();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
