/** Slack, by an incoming webhook: one message of blocks per event. */
import type { Deps } from '../deps.ts';
import {
  type Channel,
  firstStepsOf,
  isWebAddress,
  linksOf,
  openedBy,
  statusLine,
  summaryOf,
  type Told,
  titleOf,
} from './channel.ts';
import { shortened } from './notice.ts';
import { isSafeAddress, type PostLimits, post } from './post.ts';

const secretName = 'slack-webhook-url';

export function createSlack({ secret }: Pick<Deps, 'secret'>, limits: PostLimits): Channel {
  return {
    name: 'slack',
    send: async (told) => {
      const url = (await secret(secretName))?.trim();
      if (!url) return { kind: 'not_configured', reason: `there is no secret ${secretName}` };
      if (!isSafeAddress(url))
        return { kind: 'failed', reason: `the secret ${secretName} is no https:// address` };
      const send = (message: object) =>
        post(
          {
            ...{ url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(message) },
            ...{ secrets: [url], isRefusal },
          },
          limits,
        );
      const message = slackMessage(told);
      const sent = await send(message);
      // a form that Slack does not take must not keep the words back
      return sent.kind === 'failed' && /invalid_(blocks|payload)/.test(sent.reason)
        ? send({ text: message.text, unfurl_links: false })
        : sent;
    },
  };
}

/** Of a good message it says `ok`; of a bad one a word like `invalid_blocks`, whatever the status. */
const isRefusal = (said: string): boolean =>
  /^[a-z]+(_[a-z]+)+$/.test(said.trim()) || /"ok"\s*:\s*false/.test(said);

/** Limits of Slack, characters: https://docs.slack.dev/reference/block-kit/blocks */
const maxHeader = 150;
const maxSection = 3000;

/** @example slackMessage(told).blocks[0] // { type: 'header', text: { type: 'plain_text', text: 'CRITICAL PsiCritical of stones' } } */
function slackMessage(told: Told) {
  const { alert, env } = told;
  const title = titleOf(told);
  const { impact } = alert.annotations;
  const steps = firstStepsOf(alert);
  const isOpen = told.event !== 'resolved';
  const links = linksOf(alert);
  const buttons = links.filter(({ href }) => isWebAddress(href) && href.length <= maxSection);
  const paths = links.filter(({ href }) => !isWebAddress(href));
  return {
    text: escaped(`${title}: ${summaryOf(alert)}`, maxSection),
    unfurl_links: false,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: shortened(title, maxHeader), emoji: false } },
      section(`*${escaped(summaryOf(alert), 1000)}*\n${escaped(statusLine(told), 1000)}`),
      ...(isOpen && impact ? [section(`*Impact*\n${escaped(impact, 2500)}`)] : []),
      ...(isOpen && steps ? [section(`*First steps*\n${escaped(steps, 2500)}`)] : []),
      ...(buttons.length > 0
        ? [
            {
              type: 'actions',
              elements: buttons.map(({ text, href }) => ({
                type: 'button',
                text: { type: 'plain_text', text },
                url: href,
              })),
            },
          ]
        : []),
      {
        type: 'context',
        elements: [
          {
            type: 'mrkdwn',
            verbatim: true,
            text: escaped(
              [`environment ${alert.labels.env ?? env}`, `alert ${alert.id}`]
                .concat(paths.map(({ text, href }) => `${text}: ${href}`))
                .concat(openedBy(told) ?? [])
                .join(' · '),
              1500,
            ),
          },
        ],
      },
    ],
  };
}

/** `verbatim`: a plain `@channel` of a label is no mention, and its addresses are no links. */
const section = (text: string) => ({
  type: 'section',
  text: { type: 'mrkdwn', text: shortened(text, maxSection), verbatim: true },
});

/** Slack's own three: with them escaped a label can neither call a channel nor hide a link. At most `max` once it is. */
function escaped(text: string, max: number): string {
  const whole = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return shortened(whole, max).replace(/&[a-z]{0,3}…$/, '…');
}
