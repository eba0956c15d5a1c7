// One Lambda function of the surface: its code, a role and log group of its own, and exactly the access it declares.
import { join } from 'node:path';
import { ArnFormat, AssetHashType, DockerImage, Duration, Stack, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  ApplicationLogLevel,
  Architecture,
  type CfnFunction,
  Code,
  type IVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import type { ArchitectureName, StageConfig } from '../config.ts';
import { type Deployment, namedRemovalPolicyOf } from '../deployment.ts';
import { busName, constructId, functionName, logGroupName, machineName } from '../names.ts';
import { allow, grantAccess } from './access.ts';
import { assetOf, bundle, handlerOf, projectRoot } from './bundle.ts';

export interface NodeFunctionProps {
  /** Key in `surface.ts`; everything about the function follows from it. */
  readonly name: FunctionName;
  readonly deployment: Deployment;
}

/** Of every function with `canary`; where it points is what callers get. */
export const aliasName = 'live';

export interface AliasedFunction {
  readonly id: string;
  readonly name: FunctionName;
  readonly lambda: LambdaFunction;
  readonly alias: Alias;
  /** Number of the version deployed now. */
  readonly version: string;
}

/**
 * A function of `surface.ts`, ready to be wired to what invokes it.
 *
 * @example new NodeFunction(this, { name: 'monitor', deployment }).lambda
 */
export class NodeFunction extends Construct {
  readonly surfaceName: FunctionName;
  readonly lambda: LambdaFunction;
  readonly role: Role;
  /** Where the stage has aliases, and this function is to have one. */
  readonly aliased?: AliasedFunction;

  constructor(scope: Construct, { name, deployment }: NodeFunctionProps) {
    super(scope, constructId(name));
    const { config } = deployment;
    const spec: FunctionSpec = functions[name];
    const reserved = config.reservedConcurrency[name];
    this.surfaceName = name;

    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: logGroupName(config.stage, name),
      retention: config.logRetention,
      removalPolicy: namedRemovalPolicyOf(config),
      ...(deployment.key && { encryptionKey: deployment.key }),
    });
    // Instead of the managed AWSLambdaBasicExecutionRole, which may write to every log group.
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Tidemark ${config.stage}: what ${name} may touch`,
    });
    logGroup.grantWrite(this.role);
    grantAccess(this.role, spec.access, deployment);
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'xray:PutTraceSegments and xray:PutTelemetryRecords have no resource types and accept only *.',
    });

    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: functionName(config.stage, name),
      runtime: Runtime.NODEJS_24_X,
      architecture: config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      code: codeOf(name, config.architecture),
      handler: handlerOf(name),
      memorySize: config.memoryMb[name] ?? spec.memoryMb,
      timeout: Duration.seconds(spec.timeoutSeconds),
      environment: environmentOf(this, deployment),
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: applicationLogLevel[config.logLevel],
      systemLogLevelV2: SystemLogLevel.WARN,
      tracing: config.tracing === 'active' ? Tracing.ACTIVE : Tracing.PASS_THROUGH,
      ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
    });
    if (spec.canary && config.rollout !== 'none') this.aliased = this.addAlias(config);
    if (spec.mayJoinVpc && config.ingestNetwork) this.joinVpc(config.ingestNetwork);
  }

  /** What an API invokes: the alias, where there is one. */
  get answering(): Alias | LambdaFunction {
    return this.aliased?.alias ?? this.lambda;
  }

  /** The version before goes once the new one has taken over: kept ones would add up, and an earlier commit deploys them again. */
  private addAlias({ provisionedConcurrency }: StageConfig): AliasedFunction {
    const { surfaceName: name, lambda } = this;
    const kept = provisionedConcurrency[name];
    const alias = new Alias(this, 'Live', {
      aliasName,
      // An optional member of CDK's interface that its own class declares otherwise.
      version: lambda.currentVersion as IVersion,
      ...(kept !== undefined && { provisionedConcurrentExecutions: kept }),
    });
    return { id: constructId(name), name, lambda, alias, version: lambda.currentVersion.version };
  }

  /** By ids, so that synthesis looks nothing up. The network interface is Lambda's own; its actions know no resources. */
  private joinVpc({ subnetIds, securityGroupIds }: NonNullable<StageConfig['ingestNetwork']>): void {
    const resource = this.lambda.node.defaultChild as CfnFunction;
    resource.vpcConfig = { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
    allow(
      this.role,
      ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface'],
      ['*'],
    );
  }
}

const applicationLogLevel = {
  debug: ApplicationLogLevel.DEBUG,
  info: ApplicationLogLevel.INFO,
  warn: ApplicationLogLevel.WARN,
} as const;

function environmentOf(scope: Construct, { config, predictions, state, bucket }: Deployment) {
  return {
    ENVIRONMENT: config.stage,
    PREDICTIONS_TABLE: predictions.tableName,
    STATE_TABLE: state.tableName,
    BUCKET: bucket.bucketName,
    EVENT_BUS: busName(config.stage),
    // By name: a reference would make a cycle with the state machine that invokes these functions.
    MACHINE_ARN_PREFIX: Stack.of(scope).formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: machineName(config.stage, ''),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
    GRANULE_MS: String(config.granuleMs),
    ...(config.granuleGraceMs === undefined ? {} : { GRANULE_GRACE_MS: String(config.granuleGraceMs) }),
    ...(config.pointerTtlMs === undefined ? {} : { POINTER_TTL_MS: String(config.pointerTtlMs) }),
    LOG_LEVEL: config.logLevel,
    ...(config.pii ? { PII_KEY: 'available' } : {}),
    ...(config.canary ? { CANARY: 'on' } : {}),
    TRAIN_CONTAINER: config.training.image === undefined ? 'none' : 'available',
    NODE_OPTIONS: '--enable-source-maps',
  };
}

/** Bundled on this computer; the image is never pulled, since {@link bundle} either succeeds or throws. */
function codeOf(name: FunctionName, architecture: ArchitectureName): Code {
  const asset = assetOf(name);
  return Code.fromAsset(join(projectRoot, 'lambdas'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('bundled-without-docker'),
      // Never run; CDK tells two bundles of the same folder apart by it.
      command: [...asset.functions, architecture],
      local: {
        tryBundle: (outputDir) => {
          bundle(asset, outputDir, architecture);
          return true;
        },
      },
    },
  });
}
