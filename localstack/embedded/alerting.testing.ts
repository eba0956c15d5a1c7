/** A real Prometheus and a real Alertmanager beside an embedded host, with the rules and the configuration that are shipped and their waits shortened. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { localAlertmanager } from '../../observability/alertmanager/local.ts';
import { localLinks } from '../../observability/alerts/links.ts';
import { renderRules } from '../../observability/alerts/render-rules.ts';
import { missingTool } from '../../observability/alerts/tools.testing.ts';
import { toYaml } from '../../observability/alerts/yaml.ts';

interface PrometheusOptions {
  readonly name: string;
  /** Address of its Alertmanager. */
  readonly alertmanager: string;
  /** Between scrapes and between evaluations. */
  readonly everyMs: number;
  /** Address of the host, where there is anything to scrape. */
  readonly scraped?: string;
  /** The rules, where they are not to be held as long as they say. */
  readonly rules?: (shipped: string) => string;
}

export interface AlertingPrograms {
  readonly folder: string;
  /** Which tells the host at this address. @returns its own address */
  alertmanager(hostUrl: string): Promise<string>;
  /** @returns its address */
  prometheus(options: PrometheusOptions): Promise<string>;
  stop(): Promise<void>;
}

/** @param prefix of the folder that everything lies in until it is stopped */
export async function alertingPrograms(prefix: string): Promise<AlertingPrograms> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const stops: (() => void)[] = [];

  async function start(program: string, name: string, config: string, more: readonly string[]) {
    const file = join(folder, `${name}.yml`);
    await writeFile(file, config);
    const address = await freeAddress();
    const args = [`--config.file=${file}`, `--web.listen-address=${address}`, ...more];
    const child = spawn(program, args, { stdio: 'ignore' });
    let failure: string | undefined;
    child.once('error', () => {
      failure = missingTool(program);
    });
    stops.push(() => child.kill());
    await eventually(`${program} is ready`, async () => {
      if (failure !== undefined) throw new Error(failure);
      return fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return `http://${address}`;
  }

  return {
    folder,
    alertmanager: (hostUrl) => {
      // they are for grouping, and nothing is grouped here
      const config = localAlertmanager(`${hostUrl}/alerts/webhook`).replaceAll(
        /group_(wait|interval): "\w+"/g,
        'group_$1: "1s"',
      );
      const storage = `--storage.path=${join(folder, 'alertmanager-data')}`;
      return start('prometheus-alertmanager', 'alertmanager', config, [storage, '--cluster.listen-address=']);
    },
    prometheus: async ({ name, alertmanager, everyMs, scraped, rules = (shipped) => shipped }) => {
      const every = `${everyMs}ms`;
      const ruleFile = join(folder, `${name}-rules.yml`);
      const shipped = renderRules(localLinks).replaceAll(/ interval: "\w+"/g, ` interval: "${every}"`);
      await writeFile(ruleFile, rules(shipped));
      const targetsOf = (url: string) => [{ targets: [new URL(url).host] }];
      const config = toYaml({
        global: { scrape_interval: every, scrape_timeout: every },
        rule_files: [ruleFile],
        alerting: { alertmanagers: [{ static_configs: targetsOf(alertmanager) }] },
        scrape_configs: [
          {
            job_name: 'tidemark',
            static_configs: scraped === undefined ? [] : targetsOf(scraped),
            metric_relabel_configs: [{ regex: 'job|instance', action: 'labeldrop' }],
          },
        ],
      });
      const storage = `--storage.tsdb.path=${join(folder, `${name}-data`)}`;
      // it finds its Alertmanager some seconds after the first alert
      return start('prometheus', name, config, [storage, '--rules.alert.resend-delay=1s']);
    },
    stop: async () => {
      for (const stop of stops) stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

/** Waits until it holds, and fails with `what` when it does not within a minute. */
export async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); await sleep(50))
    expect(Date.now(), `${what} within 60 s`).toBeLessThan(end);
}
