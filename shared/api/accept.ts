/** Content negotiation between the two things Tidemark answers with: JSON for programs, HTML for people. */

/**
 * Whether HTML is asked for by name and rather than JSON (RFC 9110, 12.5.1). Of equals, and for who takes anything, JSON it is.
 *
 * @param accept the header as it came
 * @example prefersHtml('text/html, application/xml;q=0.9') // true
 * @example prefersHtml('application/json, text/html;q=0.5') // false
 */
export function prefersHtml(accept: string | undefined): boolean {
  const ranges = new Map(
    (accept ?? '').split(',').map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
      return [type, /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0];
    }),
  );
  const html = ranges.get('text/html') ?? 0;
  const json = ranges.get('application/json') ?? ranges.get('application/*') ?? ranges.get('*/*') ?? 0;
  return html > json;
}
