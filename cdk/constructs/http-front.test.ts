// The cheaper front: the same routes, signatures, limits and log as the REST API's, and handlers that cannot tell the difference.
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { routes } from '#shared/api/surface.ts';
import { stageConfig } from '../stage-config.ts';
import { type SynthesisedStage, synthStage } from '../testing.ts';
import { isSigned } from './front.ts';

let rest: SynthesisedStage;
let http: SynthesisedStage;
beforeAll(() => {
  rest = synthStage('prod');
  http = synthStage('prod', { front: 'http' });
});

interface AlarmProperties {
  readonly AlarmName: string;
  readonly MetricName: string;
}
const alarmsOf = (stage: SynthesisedStage, part: 'serving' | 'observability'): AlarmProperties[] =>
  Object.values(stage[part]!.findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties as AlarmProperties,
  );

describe('HTTP API', () => {
  it('has every route of the surface and no other, each behind its handler', () => {
    const integrations = http.serving.findResources('AWS::ApiGatewayV2::Integration');
    const found = Object.values(http.serving.findResources('AWS::ApiGatewayV2::Route')).map(
      ({ Properties }) => {
        const id = Properties.Target['Fn::Join'][1][1].Ref as string;
        const uri = JSON.stringify(integrations[id]?.Properties.IntegrationUri);
        const handler = /"(\w+?)(?:Live|Function)[0-9A-F]{8}"/.exec(uri)?.[1]?.toLowerCase();
        return `${Properties.RouteKey} → ${handler}`;
      },
    );
    expect(found.sort()).toEqual(
      routes.map(({ method, path, handler }) => `${method} ${path} → ${handler}`).sort(),
    );
    http.serving.resourceCountIs('AWS::ApiGateway::RestApi', 0);
  });

  it('asks for signatures where the REST API does', () => {
    const config = stageConfig((key) => (key === 'stage' ? 'prod' : undefined));
    const asked = new Map(
      Object.values(http.serving.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => [
        Properties.RouteKey,
        Properties.AuthorizationType,
      ]),
    );
    for (const route of routes)
      expect(asked.get(`${route.method} ${route.path}`)).toBe(isSigned(route, config) ? 'AWS_IAM' : 'NONE');
    const open = [...asked].filter(([, type]) => type === 'NONE').map(([key]) => key);
    expect(open.sort()).toEqual(['GET /health', 'GET /ready']);
  });

  it('sends the events of the REST API, payload format 1.0', () => {
    http.serving.allResourcesProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '1.0',
    });
  });

  it('is throttled, measured by route and logged as JSON without bodies or addresses', () => {
    const { throttle } = stageConfig((key) => (key === 'stage' ? 'prod' : undefined));
    http.serving.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: 'prod',
      AutoDeploy: true,
      DefaultRouteSettings: {
        ThrottlingRateLimit: throttle.rate,
        ThrottlingBurstLimit: throttle.burst,
        DetailedMetricsEnabled: true,
      },
      AccessLogSettings: { DestinationArn: Match.anyValue(), Format: Match.anyValue() },
    });
    const [stage] = Object.values(http.serving.findResources('AWS::ApiGatewayV2::Stage'));
    const format = JSON.parse(stage?.Properties.AccessLogSettings.Format) as Record<string, string>;
    expect(format).toMatchObject({ requestId: '$context.requestId', caller: '$context.identity.userArn' });
    expect(JSON.stringify(format)).not.toMatch(/sourceIp|body/i);
  });

  it('has the address of a REST API but for the host, stage and slash included', () => {
    const [value] = Object.values(http.serving.findOutputs('ApiUrl')).map(({ Value }) =>
      JSON.stringify(Value),
    );
    expect(value).toMatch(/\/prod\/"\]\]\}$/);
  });

  it('has one alarm on its 5xx, by its own id and metric, to the topic of the others, which have it no longer', () => {
    const isApi = ({ AlarmName }: AlarmProperties) => AlarmName.endsWith('5xx');
    expect(alarmsOf(rest, 'observability').filter(isApi)).toMatchObject([
      { AlarmName: 'tidemark-prod-api-5xx', MetricName: '5XXError' },
    ]);
    expect(alarmsOf(rest, 'serving').filter(isApi)).toEqual([]);
    expect(alarmsOf(http, 'observability').filter(isApi)).toEqual([]);
    const [api] = Object.keys(http.serving.findResources('AWS::ApiGatewayV2::Api'));
    expect(alarmsOf(http, 'serving').filter(isApi)).toMatchObject([
      {
        // Another name: both exist while one front takes over from the other.
        AlarmName: 'tidemark-prod-http-api-5xx',
        Namespace: 'AWS/ApiGateway',
        MetricName: '5xx',
        Dimensions: [{ Name: 'ApiId', Value: { Ref: api } }],
        AlarmActions: [{ 'Fn::Join': ['', expect.arrayContaining([':tidemark-prod-alarms'])] }],
        OKActions: [{ 'Fn::Join': ['', expect.arrayContaining([':tidemark-prod-alarms'])] }],
      },
    ]);
  });
});

describe('resource policy of each function', () => {
  const bytesOf = (stage: SynthesisedStage): ReadonlyMap<string, number> => {
    const bytes = new Map<string, number>();
    for (const template of [stage.data, ...stage.working])
      for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Permission'))) {
        const name = JSON.stringify(Properties.FunctionName);
        bytes.set(name, (bytes.get(name) ?? 0) + JSON.stringify(Properties).length);
      }
    return bytes;
  };

  it.each(['rest', 'http'])('stays below 10 KB behind a %s API, where Lambda takes 20', (front) => {
    const bytes = bytesOf(front === 'rest' ? rest : http);
    expect(bytes.size).toBeGreaterThan(new Set(routes.map(({ handler }) => handler)).size);
    for (const size of bytes.values()) expect(size).toBeLessThan(10_000);
  });

  it.each(['rest', 'http'])(
    'lets the deployed stage of a %s API in, once for all routes, and no console test',
    (front) => {
      const { serving } = front === 'rest' ? rest : http;
      const permissions = Object.values(serving.findResources('AWS::Lambda::Permission'));
      expect(permissions).toHaveLength(new Set(routes.map(({ handler }) => handler)).size);
      for (const { Properties } of permissions) {
        expect(Properties.Principal).toBe('apigateway.amazonaws.com');
        const parts = Properties.SourceArn['Fn::Join'][1] as unknown[];
        expect(parts.at(-1)).toMatch(/^\/prod\/\*(\/\*)?$/);
        expect(JSON.stringify(parts)).not.toContain('test-invoke-stage');
      }
    },
  );
});
