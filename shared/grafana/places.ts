/** Names of what a deployment has in a Grafana: rendered rules refer to them before there is a workspace. */

export const folder = { uid: 'tidemark', title: 'Tidemark' } as const;

/** What dashboards and rules query. */
export const datasourceUid = 'tidemark-prometheus';

/** Of every rule of ours; people's own in the folder have others. */
export const rulePrefix = 'tidemark-';

/** Where alerts are handed over, by name: the topic of alarms, and the one whose silence is an alarm. */
export const contactPoints = {
  alerts: { uid: 'tidemark-alerts', name: 'Tidemark' },
  watchdog: { uid: 'tidemark-watchdog', name: 'Tidemark watchdog' },
} as const;

/** In rendered texts, for what only a deployment knows. */
export const placeholders = { console: '<console>', runbooks: '<runbooks>' } as const;
