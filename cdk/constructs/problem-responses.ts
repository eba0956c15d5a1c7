// What API Gateway answers on its own account, in the form the handlers use: RFC 9457 application/problem+json.
import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { requestIdHeader } from '#shared/api/names.ts';

interface Problem {
  readonly type: ResponseType;
  /** Absent for the two catch-alls, which keep the status the error has. */
  readonly status?: number;
  readonly title: string;
  /** A gateway variable that is a JSON string already. @default '$context.error.messageString' */
  readonly detail?: string;
}

const problems: readonly Problem[] = [
  { type: ResponseType.DEFAULT_4XX, title: 'request refused' },
  { type: ResponseType.DEFAULT_5XX, title: 'service failed' },
  {
    type: ResponseType.BAD_REQUEST_BODY,
    status: 400,
    title: 'invalid body',
    detail: '"$context.error.validationErrorString"',
  },
  { type: ResponseType.BAD_REQUEST_PARAMETERS, status: 400, title: 'invalid parameters' },
  { type: ResponseType.UNAUTHORIZED, status: 401, title: 'not authenticated' },
  { type: ResponseType.ACCESS_DENIED, status: 403, title: 'not allowed' },
  { type: ResponseType.INVALID_API_KEY, status: 403, title: 'unknown API key' },
  { type: ResponseType.EXPIRED_TOKEN, status: 403, title: 'credentials expired' },
  { type: ResponseType.INVALID_SIGNATURE, status: 403, title: 'invalid signature' },
  // What API Gateway says for a path or method it does not have; it has no way to tell that from a missing signature.
  { type: ResponseType.MISSING_AUTHENTICATION_TOKEN, status: 403, title: 'no such route, or not signed' },
  { type: ResponseType.RESOURCE_NOT_FOUND, status: 404, title: 'no such route' },
  { type: ResponseType.REQUEST_TOO_LARGE, status: 413, title: 'body too large' },
  { type: ResponseType.UNSUPPORTED_MEDIA_TYPE, status: 415, title: 'unsupported media type' },
  { type: ResponseType.THROTTLED, status: 429, title: 'too many requests' },
  { type: ResponseType.QUOTA_EXCEEDED, status: 429, title: 'quota exceeded' },
  { type: ResponseType.INTEGRATION_FAILURE, status: 502, title: 'handler failed' },
  { type: ResponseType.INTEGRATION_TIMEOUT, status: 504, title: 'handler timed out' },
];

/** Gives `api` one response per kind of error. */
export function addProblemResponses(api: RestApi): void {
  for (const { type, status, title, detail = '$context.error.messageString' } of problems)
    api.addGatewayResponse(`Problem-${type.responseType}`, {
      type,
      ...(status !== undefined && { statusCode: String(status) }),
      responseHeaders: {
        'Content-Type': "'application/problem+json'",
        [requestIdHeader]: 'context.requestId',
      },
      templates: { 'application/json': template(title, detail, status) },
    });
}

// Substituted, not evaluated: a variable that is a JSON string stands without quotes.
function template(title: string, detail: string, status: number | undefined): string {
  const members = [
    `"type":"about:blank"`,
    `"title":${JSON.stringify(title)}`,
    ...(status === undefined ? [] : [`"status":${status}`]),
    `"detail":${detail}`,
    `"instance":"$context.requestId"`,
  ];
  return `{${members.join(',')}}`;
}
