/** An execution's items in the table: reads them whole at resume, then writes each at the revision it knows. */
import type { Json } from '#shared/json.ts';
import type { Item, Key, QueryOptions, Table } from '#shared/ports/table.ts';
import { ExecutionConflictError } from './errors.ts';
import {
  FRAME_PREFIX,
  type FrameRecord,
  type Head,
  headKey,
  partsOf,
  ROOT_FRAME,
  RUNNING,
  STAGE_PREFIX,
  type Stage,
  stageSortKey,
} from './records.ts';

/** All items of a query, across pages. */
export async function* queryAll(table: Table, pk: string, options: QueryOptions = {}): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await table.query(pk, cursor === undefined ? options : { ...options, cursor });
    yield* page.items;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** The stored value as the record it was written as: only this engine writes these items. */
export function recordOf<T>(item: Item | undefined): T | undefined {
  return item?.value as T | undefined;
}

/** Stages in order of start. */
export async function readStages(table: Table, id: string): Promise<Stage[]> {
  const stages: Stage[] = [];
  for await (const item of queryAll(table, partsOf(id), { prefix: STAGE_PREFIX }))
    stages.push(recordOf<Stage>(item)!);
  return stages;
}

export async function readRootFrame(table: Table, id: string): Promise<FrameRecord | undefined> {
  return recordOf<FrameRecord>(await table.get({ pk: partsOf(id), sk: ROOT_FRAME }));
}

/** The writer of one execution. */
export class ExecutionStore {
  readonly id: string;
  /** By sort key, as stored. */
  readonly frames = new Map<string, FrameRecord>();
  /** By number, as known here: may be one write ahead of the table. */
  readonly stages = new Map<number, Stage>();
  private readonly table: Table;
  private readonly revisions = new Map<string, number>();

  constructor(table: Table, id: string) {
    this.table = table;
    this.id = id;
  }

  async load(): Promise<Head | undefined> {
    const head = await this.table.get(headKey(this.id));
    if (head === undefined) return undefined;
    this.revisions.set(head.sk, head.revision);
    for await (const item of queryAll(this.table, partsOf(this.id))) {
      this.revisions.set(item.sk, item.revision);
      if (item.sk.startsWith(FRAME_PREFIX)) this.frames.set(item.sk, recordOf<FrameRecord>(item)!);
      else this.stages.set(Number(item.sk.slice(STAGE_PREFIX.length)), recordOf<Stage>(item)!);
    }
    return recordOf<Head>(head);
  }

  async writeHead(head: Head): Promise<void> {
    await this.put(headKey(this.id), head);
  }

  async writeFrame(sk: string, frame: FrameRecord): Promise<void> {
    await this.put({ pk: partsOf(this.id), sk }, frame);
    this.frames.set(sk, frame);
  }

  async writeStage(number: number, stage: Stage): Promise<void> {
    this.stages.set(number, stage);
    await this.put({ pk: partsOf(this.id), sk: stageSortKey(number) }, stage);
  }

  /** Removes the scopes inside the one at `sk`: their results are in its own record now. */
  async dropInnerFrames(sk: string): Promise<void> {
    const inner = [...this.frames.keys()].filter((key) => key.startsWith(`${sk}/`));
    await Promise.all(
      inner.map(async (key) => {
        await this.table.delete({ pk: partsOf(this.id), sk: key });
        this.frames.delete(key);
        this.revisions.delete(key);
      }),
    );
  }

  async clearRunning(): Promise<void> {
    await this.table.delete({ pk: RUNNING, sk: this.id });
  }

  private async put(key: Key, value: Json): Promise<void> {
    const revision = this.revisions.get(key.sk);
    const result =
      revision === undefined
        ? await this.table.putIfAbsent(key, value)
        : await this.table.putIfRevision(key, value, revision);
    if (!result.stored) throw new ExecutionConflictError(key);
    this.revisions.set(key.sk, result.item.revision);
  }
}
