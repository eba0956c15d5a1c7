/** The message a topic gets: the JSON that a webhook of Alertmanager would get, so that one reader understands both. */

/** Go's %q quotes text as JSON does, for all but a few control characters, which the reader of the topic knows too. */
const quoted = (expr: string) => `{{ printf "%q" ${expr} }}`;

/** RFC 3339, as in a webhook; an alert that fires has a zero end. */
const time = (field: string) => quoted(`(.${field}.Format "2006-01-02T15:04:05Z07:00")`);

const pairs = `{{ define "tidemark.pairs" }}{{ "{" }}{{ range $at, $pair := .SortedPairs }}{{ if $at }},{{ end }}${quoted('$pair.Name')}:${quoted('$pair.Value')}{{ end }}{{ "}" }}{{ end }}`;

const pairsOf = (expr: string) => `{{ template "tidemark.pairs" ${expr} }}`;

const alertOf = (labels: string) =>
  [
    `"status":${quoted('.Status')}`,
    `"labels":${pairsOf(labels)}`,
    `"annotations":${pairsOf('.Annotations')}`,
    `"startsAt":${time('StartsAt')}`,
    `"endsAt":${time('EndsAt')}`,
    `"generatorURL":${quoted('.GeneratorURL')}`,
    `"fingerprint":${quoted('.Fingerprint')}`,
  ].join(',');

const messageOf = (labels: string) =>
  [
    '"version":"4"',
    `"groupKey":${quoted('(join "/" .GroupLabels.SortedPairs.Values)')}`,
    '"truncatedAlerts":0',
    `"status":${quoted('.Status')}`,
    `"receiver":${quoted('.Receiver')}`,
    `"groupLabels":${pairsOf('.GroupLabels')}`,
    `"commonLabels":${pairsOf('.CommonLabels')}`,
    `"commonAnnotations":${pairsOf('.CommonAnnotations')}`,
    `"externalURL":${quoted('.ExternalURL')}`,
    `"alerts":[{{ range $at, $alert := .Alerts }}{{ if $at }},{{ end }}{{ with $alert }}{{ "{" }}${alertOf(labels)}{{ "}" }}{{ end }}{{ end }}]`,
  ].join(',');

/** Of one line: a topic refuses the whole message for a subject that is long or not printable ASCII. */
const ascii = (expr: string) => `{{ reReplaceAll "[^ -~]" "?" (printf "%.40s" ${expr}) }}`;

const subject = `{{ .Status }}: ${ascii('.GroupLabels.alertname')}{{ if .GroupLabels.model }} of ${ascii('.GroupLabels.model')}{{ end }}`;

/** @param labels of one alert, as an expression */
const templateOf = (labels: string) => `${pairs}
{{ define "tidemark.subject" }}${subject}{{ end }}
{{ define "tidemark.message" }}{{ "{" }}${messageOf(labels)}{{ "}" }}{{ end }}
`;

export const messageTemplate = templateOf('.Labels');

/**
 * As Grafana is to send it, which labels an alert with its folder as well. Without that the alert is the one that Managed Prometheus would
 * tell of, by the same fingerprint: what one opened the other closes, and a change between the two repeats nothing.
 */
export const grafanaMessageTemplate = templateOf('(.Labels.Remove (stringSlice "grafana_folder"))');
