/** The message a topic gets: the JSON that a webhook of Alertmanager would get, so that one reader understands both. */

/** Go's %q quotes text as JSON does, for all but control characters without a letter of their own, which no label of ours has. */
const quoted = (expr: string) => `{{ printf "%q" ${expr} }}`;

/** RFC 3339, as in a webhook; an alert that fires has a zero end. */
const time = (field: string) => quoted(`(.${field}.Format "2006-01-02T15:04:05Z07:00")`);

const pairs = `{{ define "tidemark.pairs" }}{{ "{" }}{{ range $at, $pair := .SortedPairs }}{{ if $at }},{{ end }}${quoted('$pair.Name')}:${quoted('$pair.Value')}{{ end }}{{ "}" }}{{ end }}`;

const pairsOf = (expr: string) => `{{ template "tidemark.pairs" ${expr} }}`;

const alert = [
  `"status":${quoted('.Status')}`,
  `"labels":${pairsOf('.Labels')}`,
  `"annotations":${pairsOf('.Annotations')}`,
  `"startsAt":${time('StartsAt')}`,
  `"endsAt":${time('EndsAt')}`,
  `"generatorURL":${quoted('.GeneratorURL')}`,
  `"fingerprint":${quoted('.Fingerprint')}`,
].join(',');

const message = [
  '"version":"4"',
  `"groupKey":"{{ range $at, $pair := .GroupLabels.SortedPairs }}{{ if $at }}/{{ end }}{{ $pair.Value }}{{ end }}"`,
  '"truncatedAlerts":0',
  `"status":${quoted('.Status')}`,
  `"receiver":${quoted('.Receiver')}`,
  `"groupLabels":${pairsOf('.GroupLabels')}`,
  `"commonLabels":${pairsOf('.CommonLabels')}`,
  `"commonAnnotations":${pairsOf('.CommonAnnotations')}`,
  `"externalURL":${quoted('.ExternalURL')}`,
  `"alerts":[{{ range $at, $alert := .Alerts }}{{ if $at }},{{ end }}{{ with $alert }}{{ "{" }}${alert}{{ "}" }}{{ end }}{{ end }}]`,
].join(',');

/** A subject of a topic is short and ASCII; what is longer or not is refused. */
const subject =
  '{{ .Status }}: {{ .GroupLabels.alertname }}{{ if .GroupLabels.model }} of {{ printf "%.40s" .GroupLabels.model }}{{ end }}';

export const messageTemplate = `${pairs}
{{ define "tidemark.subject" }}${subject}{{ end }}
{{ define "tidemark.message" }}{{ "{" }}${message}{{ "}" }}{{ end }}
`;
