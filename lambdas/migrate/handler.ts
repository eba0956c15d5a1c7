/** Run by a deployment, before the new functions are: what is stored is brought to the form they read, or the deployment ends with the reason. */
import { answerDeployment } from '#shared/aws/answer-deployment.ts';
import type { Deps } from '#shared/deps.ts';
import { migrateStored } from '#shared/registry/stored-schema.ts';

export function createMigrateHandler(deps: Deps, migrate: typeof migrateStored = migrateStored) {
  return answerDeployment('stored-schema', deps, async ({ RequestType }) =>
    // The data outlive the resource.
    RequestType === 'Delete' ? undefined : migrate(deps),
  );
}
