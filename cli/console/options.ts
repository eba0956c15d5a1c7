/** The words of `tidemark console`, checked before anything is opened. */
import { regionIn, regionOfApi } from '../http/signer.ts';
import { readOptions, UsageError, wholeNumber } from '../usage.ts';

export const consoleHelp = `usage: tidemark console --stage NAME | --url URL [options]

Opens a deployment to this computer's browser: a proxy on 127.0.0.1 that signs every request with your AWS credentials and
sends it to that one API. Until Ctrl-C. For deployments where people do not sign in by OIDC (docs/deploy.md, "Sign-in for
people"); what you may see and do is what your IAM policy allows.

  --stage NAME      dev or prod: the address is read from the stack tidemark-NAME-serving
  --url URL         or the address itself, https://….execute-api.REGION.amazonaws.com/STAGE
  --region REGION   of the stack, or of a URL that does not say it (AWS_REGION)
  --profile NAME    of ~/.aws/config (AWS_PROFILE, or what the environment has)
  --port N          first port tried, the next free one is taken (8800)

Other programs of this computer can use it while it runs: they get your rights. Web pages cannot: the proxy answers to
http://127.0.0.1:PORT and http://localhost:PORT alone.

Exit 0: ended by Ctrl-C; 1: no credentials, no such stack, or no port; 2: the words cannot be used.
`;

const words = {
  stage: { type: 'string' },
  url: { type: 'string' },
  region: { type: 'string' },
  profile: { type: 'string' },
  port: { type: 'string', default: '8800' },
} as const;

export interface ConsoleOptions {
  readonly port: number;
  readonly profile?: string;
  /** One of the two. */
  readonly target:
    | { readonly url: URL; readonly region: string }
    | { readonly stage: string; readonly region?: string };
}

/** Throws {@link UsageError}. */
export function readConsoleOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ConsoleOptions {
  const { stage, url, region, profile, port } = readOptions(args, words);
  if ((stage === undefined) === (url === undefined))
    throw new UsageError('--stage dev, --stage prod or --url https://… is expected, one of them');
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d+$/.test(region))
    throw new UsageError(`--region ${region} is not a region; one such as eu-west-1 is expected`);
  return {
    port: wholeNumber('port', port, 0, 65_535),
    ...(profile === undefined ? {} : { profile }),
    target:
      url === undefined
        ? { stage: readStage(stage ?? ''), ...withRegion(region ?? regionIn(environment)) }
        : readUrl(url, region ?? regionIn(environment)),
  };
}

const withRegion = (region: string | undefined) => (region === undefined ? {} : { region });

function readStage(stage: string): string {
  if (stage === 'dev' || stage === 'prod') return stage;
  throw new UsageError(`--stage ${stage} is not allowed: dev or prod is expected`);
}

/** Credentials go nowhere without TLS, but to this computer. */
function readUrl(text: string, named: string | undefined): { readonly url: URL; readonly region: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname);
  if (!url || (url.protocol !== 'https:' && !isLocal) || url.search !== '' || url.hash !== '')
    throw new UsageError(
      `--url ${text} is not allowed: https://….execute-api.eu-west-1.amazonaws.com/dev is expected`,
    );
  const region = regionOfApi(url) ?? named;
  if (region === undefined)
    throw new UsageError(`--url ${text} does not say its region: give --region, or set AWS_REGION`);
  return { url, region };
}
