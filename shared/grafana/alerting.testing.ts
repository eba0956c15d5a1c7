/** Test support: the alerting part of a Grafana, which answers as its provisioning API is documented to and checks what it is given. */
import type { Json, JsonObject } from '../json.ts';

export interface Reply {
  readonly status: number;
  readonly body: Json;
}

const refused = (status: number, message: string): Reply => ({ status, body: { message } });
const done = (status: number, body: Json = {}): Reply => ({ status, body });

/** A refusal on the way. */
class Refusal extends Error {
  readonly reply: Reply;

  constructor(status: number, message: string) {
    super(message);
    this.reply = refused(status, message);
  }
}

const base = '/api/v1/provisioning/';
const isUid = (uid: unknown) => /^[\w-]{1,40}$/.test(String(uid));

/** @see https://grafana.com/docs/grafana/v12.4/developer-resources/api-reference/http-api/alerting_provisioning/ */
export class FakeAlerting {
  readonly templates = new Map<string, JsonObject>();
  readonly contactPoints = new Map<string, JsonObject>();
  /** By uid, as a GET has them. */
  readonly rules = new Map<string, JsonObject>();
  /** By `folder/title`: seconds. */
  readonly intervals = new Map<string, number>();
  /** What a workspace without it answers. */
  isOff: 403 | 404 | undefined;
  /** Fields of a contact point of type `sns`, by the first: of Grafana, or of Managed Grafana before Grafana had any. */
  snsField: 'topic_arn' | 'topic' = 'topic_arn';
  readonly #hasFolder: (uid: string) => boolean;

  constructor(hasFolder: (uid: string) => boolean) {
    this.#hasFolder = hasFolder;
  }

  /** Everything there is, in one text. */
  get stored(): string {
    return JSON.stringify(
      [this.templates, this.contactPoints, this.rules, this.intervals].map((map) => [...map]),
    );
  }

  /** @returns undefined for what is none of its business */
  reply(method: string, pathname: string, body: JsonObject): Reply | undefined {
    if (pathname === '/api/alert-notifiers')
      return done(200, [
        { type: 'email', options: [{ propertyName: 'addresses' }] },
        { type: 'sns', options: [{ propertyName: this.snsField }, { propertyName: 'subject' }] },
      ]);
    if (!pathname.startsWith(base)) return undefined;
    if (this.isOff) return refused(this.isOff, this.isOff === 404 ? 'Not found' : 'Access denied');
    const [kind = '', ...rest] = pathname.slice(base.length).split('/').map(decodeURIComponent);
    const id = rest[0] ?? '';
    try {
      if (kind === 'templates') return this.#template(method, id, body);
      if (kind === 'contact-points') return this.#contactPoint(method, id, body);
      if (kind === 'alert-rules') return this.#rule(method, id);
      if (kind === 'folder' && rest[1] === 'rule-groups' && method === 'PUT')
        return this.#putGroup(id, rest[2] ?? '', body);
    } catch (error) {
      if (error instanceof Refusal) return error.reply;
      throw error;
    }
    return undefined;
  }

  #template(method: string, name: string, { template, version }: JsonObject): Reply {
    const stored = this.templates.get(name);
    if (method === 'DELETE') {
      this.templates.delete(name);
      return done(204);
    }
    if (String(template ?? '').trim() === '') return refused(400, 'Invalid format of the submitted template');
    if (version !== undefined && version !== '' && version !== stored?.version)
      return refused(409, 'alerting.notifications.conflict');
    this.templates.set(name, {
      name,
      template: template ?? '',
      version: String(template).length.toString(16),
    });
    return done(202, this.templates.get(name)!);
  }

  #contactPoint(method: string, uid: string, body: JsonObject): Reply {
    if (method === 'GET') return done(200, [...this.contactPoints.values()]);
    if (method === 'DELETE') return this.#deleteContactPoint(uid);
    const { name, type, settings } = body;
    const { [this.snsField]: topic } = (settings ?? {}) as JsonObject;
    if (!name || type !== 'sns' || !/^arn:aws:sns:/.test(String(topic)))
      return refused(
        400,
        `invalid object specification: failed to validate integration "${name}" of type "${type}": must specify topicArn, targetArn, or phone number`,
      );
    if (method === 'PUT' && !this.contactPoints.has(uid)) return refused(404, 'contact point not found');
    if (method === 'POST' && !isUid(body.uid)) return refused(400, 'invalid object specification: uid');
    if (method === 'POST' && this.contactPoints.has(String(body.uid)))
      return refused(
        409,
        `Receiver configuration with UID '${body.uid}' already exists in contact point '${name}'`,
      );
    this.contactPoints.set(method === 'PUT' ? uid : String(body.uid), body);
    return done(202, body);
  }

  #deleteContactPoint(uid: string): Reply {
    const name = this.contactPoints.get(uid)?.name;
    const isUsed = [...this.rules.values()].some(
      (rule) => (rule.notification_settings as JsonObject | undefined)?.receiver === name,
    );
    if (name === undefined) return refused(404, 'contact point not found');
    if (isUsed)
      return refused(
        409,
        'Contact point is currently used in the notification settings of one or many alert rules.',
      );
    this.contactPoints.delete(uid);
    return done(202, { message: 'contactpoint deleted' });
  }

  #rule(method: string, uid: string): Reply {
    if (method === 'GET') return done(200, [...this.rules.values()]);
    this.rules.delete(uid);
    return done(204);
  }

  /** The group is what it is given: rules of it that are not in the body are gone, one of another group moves. */
  #putGroup(folder: string, title: string, { rules, interval, folderUid, ...body }: JsonObject): Reply {
    if (!this.#hasFolder(folder)) return refused(404, 'folder not found');
    if (body.title !== title || folderUid !== folder)
      return refused(400, 'the group is not the one of the path');
    if (typeof interval !== 'number' || interval <= 0 || interval % 10 !== 0)
      return refused(
        400,
        `interval (${interval}) should be non-zero and divided exactly by scheduler interval: 10`,
      );
    const given = rules as readonly JsonObject[];
    for (const rule of given) this.#check(rule, folder, title, given);
    for (const [uid, rule] of this.rules)
      if (rule.folderUID === folder && rule.ruleGroup === title) this.rules.delete(uid);
    for (const rule of given) this.rules.set(String(rule.uid), { ...rule, provenance: 'api' });
    this.intervals.set(`${folder}/${title}`, interval);
    return done(200, { title, folderUid: folder, interval, rules: given });
  }

  #check(rule: JsonObject, folder: string, group: string, all: readonly JsonObject[]): void {
    const invalid = (why: string) => new Refusal(400, `invalid alert rule: ${why}`);
    const { uid, title, condition, data, noDataState, execErrState } = rule;
    if (!isUid(uid)) throw invalid(`uid ${String(uid)}`);
    if (all.filter((one) => one.uid === uid).length > 1) throw invalid(`uid ${String(uid)} is given twice`);
    if (!title || String(title).length > 190) throw invalid('title');
    const others = [...this.rules.values(), ...all].filter((one) => one.uid !== uid && one.title === title);
    if (others.some((one) => one.folderUID === folder))
      throw invalid('a rule with this title already exists in the folder');
    if (rule.folderUID !== folder || rule.ruleGroup !== group) throw invalid('folderUID and ruleGroup');
    const queries = (data ?? []) as readonly JsonObject[];
    if (!queries.some(({ refId }) => refId === condition))
      throw invalid(`condition ${String(condition)} does not exist`);
    for (const { refId, datasourceUid, relativeTimeRange, model } of queries) {
      const { from, to } = relativeTimeRange as { readonly from: number; readonly to: number };
      if (datasourceUid !== '__expr__' && !(from > to)) throw invalid(`time range of query ${String(refId)}`);
      const { expression } = model as JsonObject;
      if (datasourceUid === '__expr__' && !queries.some((one) => one.refId === expression))
        throw invalid(`expression ${String(refId)} reads ${String(expression)}, which does not exist`);
    }
    if (!/^\d+[smhd]$/.test(String(rule.for))) throw invalid('for');
    if (!['OK', 'NoData', 'Alerting', 'KeepLast'].includes(String(noDataState))) throw invalid('noDataState');
    if (!['OK', 'Error', 'Alerting', 'KeepLast'].includes(String(execErrState)))
      throw invalid('execErrState');
    const { receiver } = rule.notification_settings as JsonObject;
    if (![...this.contactPoints.values()].some(({ name }) => name === receiver))
      throw invalid(`receiver ${String(receiver)} does not exist`);
  }
}
