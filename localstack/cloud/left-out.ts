/** What stage `local` leaves out because no free emulator has it: printed by a deployment, listed in docs/local-cloud.md, held by a test. */

export interface LeftOut {
  readonly what: string;
  /** What holds it instead. */
  readonly heldBy: string;
}

export const leftOut: readonly LeftOut[] = [
  {
    what: 'Managed Prometheus: workspace, rules, alert manager',
    heldBy: 'the same rules on a local Prometheus and Alertmanager',
  },
  { what: 'Managed Grafana', heldBy: 'the same dashboards in the Grafana of compose' },
  { what: 'CodeDeploy canaries and their rollback', heldBy: 'tests of the template' },
  { what: 'Cognito and sign-in by OIDC', heldBy: 'tests of the template and of the authorizer' },
  { what: 'alarms, their topic and the budget', heldBy: 'tests of the template' },
  {
    what: 'custom resources (emptying the bucket, migrations on deploy)',
    heldBy: 'tests of the template and of the handlers',
  },
  {
    what: 'access logs of the bucket, API keys, throttles, IAM',
    heldBy: 'tests of the template; nothing of it is enforced here',
  },
];
