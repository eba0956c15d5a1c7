// The envelope of each POST, checked by API Gateway before a function is paid for. Features and labels are the handler's.
import {
  type JsonSchema,
  JsonSchemaType,
  JsonSchemaVersion,
  type Model,
  type RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { Route } from '#shared/api/surface.ts';

const requestId: JsonSchema = { type: JsonSchemaType.STRING, pattern: '^[A-Za-z0-9._:-]{1,128}$' };

const instance: JsonSchema = {
  type: JsonSchemaType.OBJECT,
  required: ['features'],
  properties: { request_id: requestId, features: { type: JsonSchemaType.OBJECT } },
};

const label: JsonSchema = {
  type: JsonSchemaType.OBJECT,
  required: ['request_id', 'label'],
  properties: { request_id: requestId },
};

const envelopes = {
  /** The default model also takes the features themselves, without an envelope. */
  Features: { type: JsonSchemaType.OBJECT, minProperties: 1 },
  Instance: instance,
  // Rows are not described: a bad one fails alone, in the handler.
  Batch: {
    type: JsonSchemaType.OBJECT,
    required: ['instances'],
    properties: { instances: { type: JsonSchemaType.ARRAY, minItems: 1, maxItems: 1000 } },
  },
  Labels: {
    anyOf: [label, { type: JsonSchemaType.ARRAY, minItems: 1, maxItems: 1000 }],
  },
} as const satisfies Record<string, JsonSchema>;

/** Operator actions are not here: most need no body at all, which no model can say. */
const envelopeOf: Readonly<Record<string, keyof typeof envelopes>> = {
  '/predict': 'Features',
  '/predict/batch': 'Batch',
  '/models/{model}/predict': 'Instance',
  '/models/{model}/predict/batch': 'Batch',
  '/models/{model}/feedback': 'Labels',
};

/** Adds the envelopes to `api`; answers which one a route's body has: none where any JSON, or nothing, will do. */
export function addBodyModels(api: RestApi): (route: Route) => Model | undefined {
  const models = new Map(
    Object.entries(envelopes).map(([name, envelope]) => [
      name,
      api.addModel(`Body-${name}`, {
        modelName: name,
        contentType: 'application/json',
        schema: { schema: JsonSchemaVersion.DRAFT4, title: name, ...envelope },
      }),
    ]),
  );
  return ({ method, path }) => (method === 'POST' ? models.get(envelopeOf[path] ?? '') : undefined);
}
