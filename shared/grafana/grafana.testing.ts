/** Test support: a Grafana on a free port that answers as its HTTP API is documented to, and a workspace that hands out tokens for it. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../json.ts';
import { FakeAlerting, type Reply } from './alerting.testing.ts';
import type { Workspace } from './workspace.ts';

const notFound = (message: string): Reply => ({ status: 404, body: { message } });

/** @see https://grafana.com/docs/grafana/v12.4/developers/http_api/ */
export class FakeGrafana {
  readonly datasources = new Map<string, JsonObject>();
  readonly folders = new Map<string, JsonObject>();
  readonly dashboards = new Map<string, JsonObject>();
  readonly alerting = new FakeAlerting((uid) => this.folders.has(uid));
  /** Installed beside what every Grafana has. */
  readonly plugins = new Set<string>();
  readonly tokens = new Set<string>();
  readonly asked: string[] = [];
  /** Statuses to answer with before anything is done, in turn. */
  readonly faults: number[] = [];
  /** How many requests, from now on, are done while their answer gets lost. */
  lostAnswers = 0;
  /** Whether the first answer to each of them gets lost. */
  losesFirstAnswers = false;
  readonly #server: Server = createServer();

  async start(): Promise<void> {
    this.#server.on('request', async (request, response) => {
      const body = await bodyOf(request);
      const fault = this.faults.shift();
      const { status, body: answer } = fault
        ? { status: fault, body: { message: 'unavailable' } }
        : this.#reply(request, body);
      if (!fault && request.method !== 'GET' && this.#losesAnswer(request)) {
        response.destroy();
        return;
      }
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(status === 204 ? undefined : JSON.stringify(answer));
    });
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
  }

  #losesAnswer({ method, url }: IncomingMessage): boolean {
    if (this.losesFirstAnswers) return this.asked.filter((one) => one === `${method} ${url}`).length === 1;
    return this.lostAnswers-- > 0;
  }

  stop(): void {
    this.#server.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #reply({ method = '', url = '', headers }: IncomingMessage, body: JsonObject): Reply {
    this.asked.push(`${method} ${url}`);
    if (!this.tokens.has(headers.authorization?.replace('Bearer ', '') ?? ''))
      return { status: 401, body: { message: 'Invalid API key' } };
    const { pathname, searchParams } = new URL(url, this.url);
    const uid = decodeURIComponent(pathname.split('/').at(-1) ?? '');
    const route = `${method} ${pathname}`;
    const alerting = this.alerting.reply(method, pathname, body);
    if (alerting) return alerting;
    if (/^GET \/api\/plugins\/[^/]+\/settings$/.test(route)) return this.#plugin(pathname.split('/')[3]!);
    if (route === 'POST /api/datasources') return this.#addDatasource(body);
    if (/^\w+ \/api\/datasources\/uid\//.test(route)) return this.#datasource(method, uid, body);
    if (route === 'POST /api/folders') return this.#addFolder(body);
    if (/^\w+ \/api\/folders\//.test(route)) return this.#folder(method, uid);
    if (route === 'POST /api/dashboards/db') return this.#putDashboard(body);
    if (route.startsWith('DELETE /api/dashboards/uid/'))
      return this.dashboards.delete(uid)
        ? { status: 200, body: { title: uid, message: `Dashboard ${uid} deleted` } }
        : notFound('Dashboard not found');
    if (route === 'GET /api/search') {
      const inFolder = [...this.dashboards.values()].filter(
        ({ folderUid }) => folderUid === searchParams.get('folderUIDs'),
      );
      return { status: 200, body: inFolder };
    }
    return notFound('Not found');
  }

  #plugin(id: string): Reply {
    return this.plugins.has(id)
      ? { status: 200, body: { id, enabled: true } }
      : notFound('Plugin not found, no installed plugin with that id');
  }

  #addDatasource(body: JsonObject): Reply {
    const isTaken = [...this.datasources.values()].some(
      ({ uid, name }) => uid === body.uid || name === body.name,
    );
    if (isTaken) return { status: 409, body: { message: 'data source with the same name already exists' } };
    this.datasources.set(String(body.uid), body);
    return { status: 200, body: { datasource: body, message: 'Datasource added', name: body.name ?? null } };
  }

  #datasource(method: string, uid: string, body: JsonObject): Reply {
    const found = this.datasources.get(uid);
    if (!found) return notFound('Data source not found');
    if (method === 'DELETE') this.datasources.delete(uid);
    if (method === 'PUT') this.datasources.set(uid, body);
    return { status: 200, body: this.datasources.get(uid) ?? { message: 'Data source deleted' } };
  }

  #addFolder(body: JsonObject): Reply {
    if (this.folders.has(String(body.uid)))
      return { status: 412, body: { message: 'the folder has been changed by someone else' } };
    this.folders.set(String(body.uid), body);
    return { status: 200, body };
  }

  #folder(method: string, uid: string): Reply {
    const found = this.folders.get(uid);
    if (!found) return { status: 404, body: { message: 'folder not found', status: 'not-found' } };
    if (method === 'DELETE') {
      if ([...this.alerting.rules.values()].some(({ folderUID }) => folderUID === uid))
        return { status: 400, body: { message: 'folder cannot be deleted: folder contains alert rules' } };
      this.folders.delete(uid);
      for (const [key, { folderUid }] of this.dashboards) if (folderUid === uid) this.dashboards.delete(key);
    }
    return { status: 200, body: found };
  }

  #putDashboard({ dashboard, folderUid, overwrite }: JsonObject): Reply {
    const model = dashboard as JsonObject;
    const uid = String(model.uid);
    if (!this.folders.has(String(folderUid)))
      return { status: 400, body: { message: 'folder not found', status: 'not-found' } };
    if (!model.title) return { status: 400, body: { message: 'Dashboard title cannot be empty' } };
    if (this.dashboards.has(uid) && overwrite !== true)
      return {
        status: 412,
        body: { message: 'The dashboard has been changed by someone else', status: 'version-mismatch' },
      };
    this.dashboards.set(uid, { ...model, folderUid: String(folderUid) });
    return { status: 200, body: { uid, status: 'success', url: `/d/${uid}`, version: 1 } };
  }
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
}

/** Over a {@link FakeGrafana}: `statuses` in turn, ACTIVE after them. Remembers the tokens it made and how long they would live. */
export class FakeWorkspace implements Workspace {
  readonly made: { readonly name: string; readonly secondsToLive: number }[] = [];
  readonly accounts: string[] = [];
  readonly statuses: string[] = [];
  readonly #grafana: FakeGrafana;

  constructor(grafana: FakeGrafana) {
    this.#grafana = grafana;
  }

  async describe() {
    return { status: this.statuses.shift() ?? 'ACTIVE', url: this.#grafana.url };
  }

  async serviceAccount(name: string) {
    if (!this.accounts.includes(name)) this.accounts.push(name);
    return name;
  }

  async createToken(_: string, name: string, secondsToLive: number) {
    if (this.made.some((token) => token.name === name)) throw new Error(`a token ${name} is there`);
    this.made.push({ name, secondsToLive });
    this.#grafana.tokens.add(`glsa_${name}`);
    return { id: name, key: `glsa_${name}` };
  }

  async deleteToken(_: string, id: string) {
    this.#grafana.tokens.delete(`glsa_${id}`);
  }
}
