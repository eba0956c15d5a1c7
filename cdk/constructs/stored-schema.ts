// Before anything new runs: the stored items are brought to the form this version reads, or the deployment ends there with the reason.
import { CfnCustomResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { storedSchema } from '#shared/api/surface.ts';
import type { Deployment } from '../deployment.ts';
import { NodeFunction } from './node-function.ts';

/** A little more than the function itself may take: CloudFormation would wait an hour for one that died. */
const patience = Duration.minutes(16);

/**
 * The custom resource is asked when its version changes, in either direction: an older Tidemark over newer data is refused, and CloudFormation
 * puts back what was there.
 */
export class StoredSchema extends Construct {
  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id);
    const { lambda, role } = new NodeFunction(this, { name: 'migrate', deployment });
    const resource = new CfnCustomResource(this, 'Version', {
      serviceToken: lambda.functionArn,
      serviceTimeout: patience.toSeconds(),
    });
    resource.addPropertyOverride('Schema', storedSchema);
    // Not before it may do what it does.
    resource.node.addDependency(role, deployment.state);
  }
}
