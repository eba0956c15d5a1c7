/** The DynamoDB adapter against MiniStack's DynamoDB, in a table like the deployed ones. */
import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { createDynamoTable } from '#shared/aws/dynamodb-table.ts';
import { CONTRACT_START_MS, describeTable } from '#shared/ports/table.contract.ts';
import { cloudClients } from './clients.ts';

const { dynamo } = cloudClients(inject('endpoints').url);
let tables = 0;

describeTable('the DynamoDB adapter in the local cloud', async () => {
  const TableName = `contract-${tables++}`;
  let nowMs = CONTRACT_START_MS;
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    }),
  );
  return {
    table: createDynamoTable({ client: dynamo, tableName: TableName, now: () => nowMs }),
    advance(ms) {
      nowMs += ms;
    },
    async close() {
      await dynamo.send(new DeleteTableCommand({ TableName }));
    },
  };
});
