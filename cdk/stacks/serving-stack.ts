// Third stack: the HTTP API with its functions, and the capture of what they answered.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FunctionName } from '#shared/api/surface.ts';
import { CaptureFeed } from '../constructs/capture-feed.ts';
import { HttpFront } from '../constructs/http-front.ts';
import { NodeFunction } from '../constructs/node-function.ts';
import { RestFront } from '../constructs/rest-front.ts';
import { Rollout } from '../constructs/rollout.ts';
import type { Deployment } from '../deployment.ts';
import { functionsIn } from '../names.ts';

export interface ServingStackProps extends StackProps {
  readonly deployment: Deployment;
}

export class ServingStack extends Stack {
  constructor(scope: Construct, id: string, props: ServingStackProps) {
    super(scope, id, props);
    const { deployment } = props;
    const functions = new Map<FunctionName, NodeFunction>(
      functionsIn('serving').map((name) => [name, new NodeFunction(this, { name, deployment })]),
    );
    new CaptureFeed(this, 'Feed', { capture: functions.get('capture')!, deployment });
    const { config } = deployment;
    new Rollout(this, 'Rollout', { config, functions: [...functions.values()] });
    const Front = config.front === 'http' ? HttpFront : RestFront;
    const { url, apiId } = new Front(this, 'Api', { deployment, functions });

    new CfnOutput(this, 'ApiUrl', { value: url });
    // An emulator serves the API under its id, not under the URL.
    new CfnOutput(this, 'ApiId', { value: apiId });
  }
}
