/** The configuration of an Alertmanager on this computer: everything goes to our own host, which notifies as on AWS. */
import { toYaml, type Yaml } from '../alerts/yaml.ts';
import { inhibitRules, receivers, route } from './routes.ts';

/**
 * @param webhookUrl where our host takes the notifications of an Alertmanager
 * @returns YAML of `alertmanager.yml`
 */
export function localAlertmanager(webhookUrl: string): string {
  const toHost = (name: string): Yaml => ({
    name,
    webhook_configs: [{ url: webhookUrl, send_resolved: true, max_alerts: 100 }],
  });
  return toYaml({
    route,
    receivers: [
      toHost(receivers.critical),
      toHost(receivers.warning),
      { name: receivers.none },
      toHost(receivers.canary),
    ],
    inhibit_rules: inhibitRules,
  });
}
