// The key that features about people are tokenised with: made by Secrets Manager, known to no template, kept with the data.
import { Validations } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { type Deployment, namedRemovalPolicyOf } from '../deployment.ts';
import { piiKeySecretName } from '../names.ts';

/** 256 bits of letters and digits. */
const keyLength = 43;

/**
 * Who may read it, `grantPiiKey` says, role by role. Not the L2 `Secret`, which would write a use of the stage's key by the whole account
 * into the key's policy.
 */
export class PiiKey extends Construct {
  constructor(scope: Construct, id: string, { config, key }: Pick<Deployment, 'config' | 'key'>) {
    super(scope, id);
    const secret = new CfnSecret(this, 'Secret', {
      name: piiKeySecretName(config.stage),
      description: `Tidemark ${config.stage}: key of the tokens that stand for pii; another key makes other tokens`,
      generateSecretString: { passwordLength: keyLength, excludePunctuation: true },
      ...(key && { kmsKeyId: key.keyArn }),
    });
    secret.applyRemovalPolicy(namedRemovalPolicyOf(config));
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Another key makes other tokens: what is stored would match nothing new. Rotating is a decision, docs/security.md.',
    });
  }
}
