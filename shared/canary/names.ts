/** What the canary is called: the model whose drift is injected every day, and the alerts about it. */

/** Tidemark's own model. Alerts about it are told to nobody: that one arrives is the proof that they do. */
export const canaryModel = 'tidemark-canary';

/** The alert that people get when an injected drift was not noticed, whoever finds out. */
export const canaryMissed = 'CanaryMissed';

/** The same of CloudWatch, after the name of the stage. */
export const canaryMissedAlarm = 'canary-missed';

/** Alerts whose arrival says that the drift of a window was noticed. */
export const noticingAlerts: readonly string[] = ['PsiCritical', 'FeatureDriftCritical'];
