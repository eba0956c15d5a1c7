/** The range query of the DynamoDB table: bounds into a key condition, service pages into one page of live items. */
import {
  type AttributeValue,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import type { Item, QueryOptions, QueryPage } from '../ports/table.ts';
import { fromAttributes, toItem } from './stored-item.ts';
import { type QueryRange, queryRange } from './table-arguments.ts';

/** After a page in which expired items left too few, ask for at least so many, not for the few still missing. */
const FOLLOW_UP_LIMIT = 100;

export async function queryDynamo(
  client: DynamoDBClient,
  tableName: string,
  pk: string,
  options: QueryOptions,
  nowMs: number,
): Promise<QueryPage> {
  const range = queryRange(options);
  if (range.isEmpty) return { items: [] };
  const base = queryInput(tableName, pk, range, options.reverse ?? false, nowMs);
  const wanted = range.limit + 1; // one more than asked tells whether there is a next page
  const items: Item[] = [];
  let start: Record<string, AttributeValue> | undefined =
    options.cursor === undefined ? undefined : { pk: { S: pk }, sk: { S: options.cursor } };
  let limit = wanted;
  do {
    const page: QueryCommandOutput = await client.send(
      new QueryCommand({ ...base, Limit: limit, ...(start ? { ExclusiveStartKey: start } : {}) }),
    );
    for (const attributes of page.Items ?? []) {
      const stored = fromAttributes(attributes);
      if (stored.sk !== range.before) items.push(toItem(stored));
    }
    start = page.LastEvaluatedKey;
    limit = Math.max(wanted - items.length, FOLLOW_UP_LIMIT);
  } while (start && items.length < wanted);
  if (items.length < wanted) return { items };
  const shown = items.slice(0, range.limit);
  return { items: shown, next: shown.at(-1)!.sk };
}

function queryInput(tableName: string, pk: string, range: QueryRange, isReverse: boolean, nowMs: number) {
  const { condition, values } = sortKeyCondition(range);
  return {
    TableName: tableName,
    ConsistentRead: true,
    ScanIndexForward: !isReverse,
    KeyConditionExpression: `#pk = :pk${condition}`,
    FilterExpression: 'attribute_not_exists(#exp) OR #exp > :now',
    ExpressionAttributeNames: { '#pk': 'pk', '#exp': 'exp', ...(condition ? { '#sk': 'sk' } : {}) },
    ExpressionAttributeValues: { ':pk': { S: pk }, ':now': { N: String(nowMs / 1000) }, ...values },
  };
}

/** DynamoDB allows one condition on the sort key; BETWEEN includes `before`, which the caller drops. */
function sortKeyCondition({ from, before, prefix }: QueryRange): {
  readonly condition: string;
  readonly values: Record<string, AttributeValue>;
} {
  if (prefix !== undefined)
    return { condition: ' AND begins_with(#sk, :prefix)', values: { ':prefix': { S: prefix } } };
  if (from !== undefined && before !== undefined)
    return {
      condition: ' AND #sk BETWEEN :from AND :before',
      values: { ':from': { S: from }, ':before': { S: before } },
    };
  if (from !== undefined) return { condition: ' AND #sk >= :from', values: { ':from': { S: from } } };
  if (before !== undefined) return { condition: ' AND #sk < :before', values: { ':before': { S: before } } };
  return { condition: '', values: {} };
}
