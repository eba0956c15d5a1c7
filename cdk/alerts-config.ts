// The knob `alerts`: where links in alerts lead, and whether criticals go to PagerDuty straight from the alert manager.
import { recordOf, UnknownContextValueError } from './context-value.ts';

export interface AlertsKnob {
  /** Where people reach the console: the API's own address with `oidc`, else `tidemark console` on their computer. @default 'http://127.0.0.1:8800' */
  readonly consoleUrl?: string;
  /** Where the pages of docs/runbooks are read on the web. @default their path in the repository */
  readonly runbooksUrl?: string;
  /**
   * Secret whose JSON has PagerDuty's integration key as `routing_key`; the alert manager then pages without our function. Give the
   * function no key of PagerDuty beside it: that would page twice. @default none
   */
  readonly pagerDutySecretArn?: string;
  /** Where our function sends PagerDuty's events, for accounts in its EU region. @default 'https://events.pagerduty.com/v2/enqueue' */
  readonly pagerDutyEventsUrl?: string;
}

const https = /^https:\/\/[^\s/]+(\/[^\s]*[^\s/])?$/;
const forms: Readonly<Record<keyof AlertsKnob, readonly [form: RegExp, want: string]>> = {
  consoleUrl: [https, 'an https:// address without a slash at its end'],
  runbooksUrl: [https, 'an https:// address without a slash at its end'],
  pagerDutySecretArn: [/^arn:[\w-]+:secretsmanager:[\w:/+=.@-]+$/, 'the ARN of a secret'],
  pagerDutyEventsUrl: [https, 'an https:// address without a slash at its end'],
};
const allowed = Object.keys(forms) as (keyof AlertsKnob)[];

/**
 * @param value as for {@link recordOf}; undefined: nothing is given
 * @throws {UnknownContextValueError} for a member or a value that is not allowed
 * @example readAlerts('{"consoleUrl":"https://ml.example.com"}') // { consoleUrl: 'https://ml.example.com' }
 */
export function readAlerts(value: unknown): AlertsKnob | undefined {
  if (value === undefined) return undefined;
  const given = recordOf('alerts', value);
  for (const [key, member] of Object.entries(given)) {
    const name = allowed.find((one) => one === key);
    if (!name) throw new UnknownContextValueError(`unknown alerts.${key}: want ${allowed.join(', ')}`);
    const [form, want] = forms[name];
    if (typeof member !== 'string' || !form.test(member))
      throw new UnknownContextValueError(`unknown alerts.${key} ${JSON.stringify(member)}: want ${want}`);
  }
  return given as AlertsKnob;
}
