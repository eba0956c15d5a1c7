// `npm run cost`: what a month of a stage costs. Synthesises in this process; nothing is deployed and nothing is asked of AWS.
import { takeInventory } from './inventory.ts';
import { costHelp, readCostOptions, UsageError } from './options.ts';
import { readPrices } from './prices.ts';
import { costReport } from './report.ts';
import { synthesise } from './synth.ts';
import { costTable } from './table.ts';

function main(args: readonly string[]): void {
  const options = readCostOptions(args);
  if (!options) {
    process.stdout.write(costHelp);
    return;
  }
  const { work, stage, architecture, front, isFreeTier, isJson } = options;
  process.stderr.write(`reading the templates of stage ${stage} …\n`);
  const templates = synthesise({
    stage,
    ...(architecture === undefined ? {} : { architecture }),
    ...(front === undefined ? {} : { front }),
  });
  const report = costReport({
    stage,
    inventory: takeInventory(templates, stage),
    work,
    prices: readPrices(),
    isFreeTier,
  });
  process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : costTable(report));
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
