/** `tidemark COMMAND`: which command runs, its help, and what its errors look like. Exit 0 fine, 1 failed, 2 usage. */
import { InvalidDataError } from '#shared/errors.ts';
import { OnnxModelError } from '#shared/onnx/session.ts';
import { GbdtDataError } from '#shared/training/gbdt.ts';
import { DataDirInUseError } from '../localstack/embedded/host-lock.ts';
import { compareHelp, runCompare } from './compare/command.ts';
import { demoHelp, runDemo } from './demo/command.ts';
import { injectHelp, runInject } from './inject.ts';
import { runStart, startHelp } from './start.ts';
import { runSuggest, suggestHelp } from './suggest.ts';
import { UsageError } from './usage.ts';

interface Command {
  readonly summary: string;
  readonly help: string;
  readonly run: (args: readonly string[]) => Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  start: {
    summary: 'run the host on 127.0.0.1 with a sample model and gentle traffic',
    help: startHelp,
    run: runStart,
  },
  demo: {
    summary: 'watch a model drift on your data, get caught and be replaced',
    help: demoHelp,
    run: runDemo,
  },
  compare: {
    summary: 'compare two data files: drift, data quality, segments, a diagnosis; terminal, JSON or HTML',
    help: compareHelp,
    run: runCompare,
  },
  inject: {
    summary: 'write a CSV with a known drift, for trying a monitor',
    help: injectHelp,
    run: runInject,
  },
  suggest: {
    summary: 'write the constraints that good data suggest, for review and for compare --constraints',
    help: suggestHelp,
    run: runSuggest,
  },
};

/** Faults of the words or the data: told in one line, not as a crash. */
const expected = [UsageError, InvalidDataError, GbdtDataError, OnnxModelError];

export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview());
    return name === undefined ? 2 : 0;
  }
  const command = commands[name];
  if (!command) {
    process.stderr.write(`tidemark: there is no command "${name}"\n\n${overview()}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    const isInUse = error instanceof DataDirInUseError;
    if (!isInUse && !expected.some((kind) => error instanceof kind)) throw error;
    process.stderr.write(`tidemark ${name}: ${(error as Error).message}\n`);
    if (error instanceof UsageError) process.stderr.write(`see: tidemark ${name} --help\n`);
    return isInUse ? 1 : 2;
  }
}

function overview(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  return `usage: tidemark COMMAND [options]\n\n${lines.join('\n')}\n\ntidemark COMMAND --help says more.\n`;
}
