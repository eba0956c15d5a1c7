// Tags of a stage's own, as AWS takes them: refused here, with the reason, and not by one of many services in the middle of a deployment.
import { recordOf, UnknownContextValueError } from './context-value.ts';

export type TagMap = Readonly<Record<string, string>>;

/** Given by the app itself. */
const ours = ['project', 'stage'];
/** A resource has at most 50, and CloudFormation and the app have theirs. */
const mostTags = 40;
const keyPattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const valuePattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/**
 * @param value an object, or one as JSON: texts by key
 * @see https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
 * @throws {UnknownContextValueError} for a key or value that AWS refuses, or a key of the app's own
 * @example tagsOf('{"cost-center":"4711"}') // { 'cost-center': '4711' }
 */
export function tagsOf(value: unknown): TagMap {
  const given = recordOf('tags', value);
  const refuse = (what: string, want: string): never => {
    throw new UnknownContextValueError(`${what}: want ${want}`);
  };
  for (const [key, text] of Object.entries(given)) {
    const named = `the tag ${JSON.stringify(key)}`;
    if (ours.includes(key)) refuse(`${named} is the app's own`, `another key than ${ours.join(', ')}`);
    if (/^aws:/i.test(key)) refuse(`${named} begins with aws:`, 'another key, that prefix is reserved');
    if (!keyPattern.test(key))
      refuse(`unknown key of ${named}`, '1 to 128 letters, digits, spaces or _.:/=+-@');
    if (typeof text !== 'string' || !valuePattern.test(text))
      refuse(
        `${named} is ${JSON.stringify(text)}`,
        'a text of at most 256 letters, digits, spaces or _.:/=+-@',
      );
  }
  const count = Object.keys(given).length;
  if (count > mostTags) refuse(`there are ${count} tags`, `at most ${mostTags}`);
  return given as TagMap;
}
