/** `tidemark COMMAND`: which command runs, its help, and what its errors look like. Exit 0 fine, 1 failed, 2 usage. */
interface Command {
  readonly summary: string;
  /** Loaded when it is asked for: the others' libraries would take most of a short command's time. */
  readonly load: () => Promise<{
    readonly help: string;
    readonly run: (args: readonly string[]) => Promise<number>;
  }>;
}

const commands: Readonly<Record<string, Command>> = {
  start: {
    summary: 'run the host on 127.0.0.1 with a sample model and gentle traffic',
    load: async () => {
      const { startHelp, runStart } = await import('./start.ts');
      return { help: startHelp, run: runStart };
    },
  },
  demo: {
    summary: 'watch a model drift on your data, get caught and be replaced',
    load: async () => {
      const { demoHelp, runDemo } = await import('./demo/command.ts');
      return { help: demoHelp, run: runDemo };
    },
  },
  models: {
    summary: 'the models of a running host: list, register your own ONNX, promote, roll back',
    load: async () => {
      const { modelsHelp, runModels } = await import('./models/command.ts');
      return { help: modelsHelp, run: runModels };
    },
  },
  compare: {
    summary: 'compare two data files: drift, data quality, segments, a diagnosis; terminal, JSON or HTML',
    load: async () => {
      const { compareHelp, runCompare } = await import('./compare/command.ts');
      return { help: compareHelp, run: runCompare };
    },
  },
  inject: {
    summary: 'write a CSV with a known drift, for trying a monitor',
    load: async () => {
      const { injectHelp, runInject } = await import('./inject.ts');
      return { help: injectHelp, run: runInject };
    },
  },
  suggest: {
    summary: 'write the constraints that good data suggest, for review and for compare --constraints',
    load: async () => {
      const { suggestHelp, runSuggest } = await import('./suggest.ts');
      return { help: suggestHelp, run: runSuggest };
    },
  },
  train: {
    summary: 'train a model on a file or a query and write it as a checked ONNX file',
    load: async () => {
      const { trainHelp, runTrain } = await import('./train/command.ts');
      return { help: trainHelp, run: runTrain };
    },
  },
  traffic: {
    summary: 'load a running host at a rate: throughput and latency as a table',
    load: async () => {
      const { runTraffic, trafficHelp } = await import('./traffic/command.ts');
      return { help: trafficHelp, run: runTraffic };
    },
  },
  console: {
    summary: 'open a deployment in the browser: a proxy on 127.0.0.1 that signs with your AWS credentials',
    load: async () => {
      const { consoleHelp, runConsole } = await import('./console/command.ts');
      return { help: consoleHelp, run: runConsole };
    },
  },
  replay: {
    summary: 'hand back what was given up on, to a data directory or a deployment, each once',
    load: async () => {
      const { replayHelp, runReplay } = await import('./replay/command.ts');
      return { help: replayHelp, run: runReplay };
    },
  },
};

/** Faults of the words or the data, by name: told in one line, not as a crash. */
const expected = ['UsageError', 'InvalidDataError', 'TrainingDataError', 'OnnxModelError', 'DeploymentError'];
/** The words were right; the data directory is another's, or a newer Tidemark's, or what was demanded is not there. */
const refused = ['DataDirInUseError', 'StoredSchemaError', 'PrometheusError'];

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
  const { help, run } = await command.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(help);
    return 0;
  }
  try {
    return await run(rest);
  } catch (error) {
    const kind = error instanceof Error ? error.name : '';
    if (!refused.includes(kind) && !expected.includes(kind)) throw error;
    process.stderr.write(`tidemark ${name}: ${(error as Error).message}\n`);
    if (kind === 'UsageError') process.stderr.write(`see: tidemark ${name} --help\n`);
    return refused.includes(kind) ? 1 : 2;
  }
}

function overview(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  return `usage: tidemark COMMAND [options]\n\n${lines.join('\n')}\n\ntidemark COMMAND --help says more.\n`;
}
