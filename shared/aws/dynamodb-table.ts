/** Table on DynamoDB: single-item conditional writes only, each under its own token; bound by the Lambda entries. */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Json } from '../json.ts';
import type { Key, PutOptions, PutResult, QueryOptions, QueryPage, Table } from '../ports/table.ts';
import { queryDynamo } from './dynamodb-query.ts';
import {
  fromAttributes,
  isExpired,
  newStoredItem,
  type StoredItem,
  toAttributes,
  toItem,
} from './stored-item.ts';
import { assertPartitionKey, assertTableKey } from './table-arguments.ts';

export interface DynamoTableOptions {
  readonly client: DynamoDBClient;
  /** A table with string keys `pk` and `sk` and the TTL attribute `exp`. */
  readonly tableName: string;
  /** Unix milliseconds; `Date.now` unless told. */
  readonly now?: () => number;
}

const ABSENT = 'attribute_not_exists(#pk) OR (attribute_exists(#exp) AND #exp <= :now)';
const PRESENT = 'attribute_exists(#pk) AND (attribute_not_exists(#exp) OR #exp > :now)';
/** How often a put-if-absent may find, after its refusal, that what refused it has meanwhile gone. */
const MAX_VANISHED = 10;

/**
 * The {@link Table} of the AWS and local-cloud deployments. No transactions, no atomic ADD: an ADD whose reply is lost and which
 * the SDK retries counts twice, while a conditional put finds its own token and knows that it was done. Only a `delete` cannot
 * tell: retried after a lost reply it answers false.
 *
 * @example
 * const table = createDynamoTable({ client: new DynamoDBClient({}), tableName: 'state' });
 * await table.putIfAbsent({ pk: 'lease', sk: 'retrain' }, { holder: 'a' }); // {stored: true, item: {…, revision: 1}}
 */
export function createDynamoTable(options: DynamoTableOptions): Table {
  return new DynamoTable(options);
}

class DynamoTable implements Table {
  private readonly client: DynamoDBClient;
  private readonly tableName: string;
  private readonly now: () => number;

  constructor({ client, tableName, now = Date.now }: DynamoTableOptions) {
    this.client = client;
    this.tableName = tableName;
    this.now = now;
  }

  async get(key: Key) {
    assertTableKey(key);
    const live = await this.readLive(key);
    return live && toItem(live);
  }

  async putIfAbsent(key: Key, value: Json, options?: PutOptions): Promise<PutResult> {
    const item = newStoredItem(key, value, 1, options);
    for (let attempt = 1; ; attempt++) {
      if (await this.put(item, ABSENT, {})) return { stored: true, item: toItem(item) };
      const result = await this.afterRefusal(item);
      if (result.stored || result.existing || attempt === MAX_VANISHED) return result;
    }
  }

  async putIfRevision(key: Key, value: Json, revision: number, options?: PutOptions): Promise<PutResult> {
    const item = newStoredItem(key, value, revision + 1, options);
    const condition = { ':rev': { N: String(revision) } };
    if (await this.put(item, `#rev = :rev AND ${PRESENT}`, condition))
      return { stored: true, item: toItem(item) };
    return await this.afterRefusal(item);
  }

  async delete(key: Key, revision?: number): Promise<boolean> {
    assertTableKey(key);
    const isAny = revision === undefined;
    return await isAccepted(
      this.client.send(
        new DeleteItemCommand({
          TableName: this.tableName,
          Key: { pk: { S: key.pk }, sk: { S: key.sk } },
          ConditionExpression: isAny ? PRESENT : `#rev = :rev AND ${PRESENT}`,
          ExpressionAttributeNames: { '#pk': 'pk', '#exp': 'exp', ...(isAny ? {} : { '#rev': 'rev' }) },
          ExpressionAttributeValues: {
            ':now': this.nowAttribute(),
            ...(isAny ? {} : { ':rev': { N: String(revision) } }),
          },
        }),
      ),
    );
  }

  async query(pk: string, options: QueryOptions = {}): Promise<QueryPage> {
    assertPartitionKey(pk);
    return await queryDynamo(this.client, this.tableName, pk, options, this.now());
  }

  private async put(
    item: StoredItem,
    condition: string,
    values: { ':rev'?: { N: string } },
  ): Promise<boolean> {
    return await isAccepted(
      this.client.send(
        new PutItemCommand({
          TableName: this.tableName,
          Item: toAttributes(item),
          ConditionExpression: condition,
          ExpressionAttributeNames: {
            '#pk': 'pk',
            '#exp': 'exp',
            ...(values[':rev'] ? { '#rev': 'rev' } : {}),
          },
          ExpressionAttributeValues: { ':now': this.nowAttribute(), ...values },
        }),
      ),
    );
  }

  /** The condition failed: either somebody else's item stands there, or ours, from an attempt whose reply was lost. */
  private async afterRefusal(item: StoredItem): Promise<PutResult> {
    const existing = await this.readLive(item);
    if (existing?.token === item.token) return { stored: true, item: toItem(existing) };
    return existing ? { stored: false, existing: toItem(existing) } : { stored: false };
  }

  private async readLive({ pk, sk }: Key): Promise<StoredItem | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({
        TableName: this.tableName,
        Key: { pk: { S: pk }, sk: { S: sk } },
        ConsistentRead: true,
      }),
    );
    const stored = Item && fromAttributes(Item);
    return stored && !isExpired(stored, this.now()) ? stored : undefined;
  }

  private nowAttribute(): { readonly N: string } {
    return { N: String(this.now() / 1000) };
  }
}

async function isAccepted(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
