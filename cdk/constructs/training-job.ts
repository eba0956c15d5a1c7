// The SageMaker training job of a state machine, where the stage names an image: what the job may touch, and who may start it.
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { acknowledgeWildcard, allow, grantReadObjects, grantWriteObjects } from './access.ts';

/** Values for `${TrainingImage}` and the others in the ASL file. */
export type TrainingSubstitutions = Readonly<
  Record<'TrainingImage' | 'TrainingRole' | 'TrainingInstance' | 'TrainingBucket' | 'TrainingKey', string>
>;

/** Without an image the state stands in the definition and is never reached: the snapshot step then chooses the function. */
export const noTraining: TrainingSubstitutions = {
  TrainingImage: 'none',
  TrainingRole: 'none',
  TrainingInstance: 'none',
  TrainingBucket: 'none',
  TrainingKey: 'none',
};

/** Job names begin so: see `lambdas/retrain/snapshot`. */
const jobPrefix = 'tidemark-';

class InvalidImageError extends Error {
  override readonly name = 'InvalidImageError';
}

export class TrainingJob extends Construct {
  readonly substitutions: TrainingSubstitutions;
  readonly #role: Role;

  constructor(scope: Construct, id: string, deployment: Deployment & { readonly image: string }) {
    super(scope, id);
    const { config, bucket, image, key } = deployment;
    this.#role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('sagemaker.amazonaws.com'),
      description: `Tidemark ${config.stage}: what a training job may touch`,
    });
    grantReadObjects(this.#role, ['runs/'], deployment);
    grantWriteObjects(this.#role, ['runs/'], deployment);
    // SageMaker wants it for a key of the customer's, beside what S3 does with the key.
    if (key) allow(this.#role, ['kms:Encrypt'], [key.keyArn]);
    this.grantPull(image);
    this.grantLogs();
    this.substitutions = {
      TrainingImage: image,
      TrainingRole: this.#role.roleArn,
      TrainingInstance: config.training.instanceType,
      TrainingBucket: bucket.bucketName,
      // Without one SageMaker writes under the key AWS manages for S3, whatever the bucket's own is.
      TrainingKey: key?.keyArn ?? '',
    };
  }

  /** What `createTrainingJob.sync` does on the caller's behalf. */
  grantStart(role: Role): void {
    const stack = Stack.of(this);
    const jobs = stack.formatArn({
      service: 'sagemaker',
      resource: 'training-job',
      resourceName: `${jobPrefix}*`,
    });
    allow(
      role,
      [
        'sagemaker:CreateTrainingJob',
        'sagemaker:DescribeTrainingJob',
        'sagemaker:StopTrainingJob',
        'sagemaker:AddTags',
      ],
      [jobs],
    );
    acknowledgeWildcard(role, jobs, 'Training jobs are named by the run that starts them.');
    role.addToPolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [this.#role.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
      }),
    );
    // The rule by which Step Functions learns that a job has ended; its name is theirs.
    const rule = stack.formatArn({
      service: 'events',
      resource: 'rule',
      resourceName: 'StepFunctionsGetEventsForSageMakerTrainingJobsRule',
    });
    allow(role, ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'], [rule]);
  }

  private grantPull(image: string): void {
    const match = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)[:@].+$/.exec(
      image,
    );
    if (!match)
      throw new InvalidImageError(
        `trainingImage is ${JSON.stringify(image)}: want ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG, where SageMaker can pull from`,
      );
    const [, account = '', region = '', repository = ''] = match;
    allow(
      this.#role,
      ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      [
        Stack.of(this).formatArn({
          service: 'ecr',
          account,
          region,
          resource: 'repository',
          resourceName: repository,
        }),
      ],
    );
    allow(this.#role, ['ecr:GetAuthorizationToken'], ['*']);
    Validations.of(this.#role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ecr:GetAuthorizationToken has no resource types and accepts only *.',
    });
  }

  private grantLogs(): void {
    const group = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: '/aws/sagemaker/TrainingJobs:*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    allow(
      this.#role,
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
      [group],
    );
    acknowledgeWildcard(this.#role, group, 'SageMaker names the log streams of its jobs.');
  }
}
