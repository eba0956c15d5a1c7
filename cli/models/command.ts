/** `tidemark models …`: what is registered on a running host, and bringing a model that was trained elsewhere. */
import { userInfo } from 'node:os';
import { signerFor } from '../http/signer.ts';
import { parseWords, UsageError } from '../usage.ts';
import { decide, printApprovals } from './approvals.ts';
import { createClient, HostError } from './client.ts';
import { turn } from './pause.ts';
import { type Context, printModel, printModels, printMoved, printVersions } from './print.ts';
import { completeUpload, register } from './register.ts';
import { givenOf, registerWords } from './register-options.ts';

export const modelsHelp = `usage: tidemark models COMMAND [options]

  list                          the models of the host
  show NAME                     one model: its columns, its champion, its policies
  versions NAME                 its versions: PENDING, READY, REJECTED with the reason
  register NAME --onnx FILE --baseline FILE [--target COLUMN]
                                a model trained elsewhere, or a new version of one
  register NAME --onnx FILE --images DIR --labels FILE
                                the same of a model that classifies images
  complete NAME VERSION         go on with a registration that was interrupted after its upload
  promote NAME VERSION          make a READY version the champion
  rollback NAME [VERSION]       back to the previous champion, or to a named version
  pause NAME --reason TEXT      refuse batch predictions until somebody resumes them; single ones go on
  resume NAME --reason TEXT     answer them again
  approvals [NAME]              candidates of retrain runs that wait for a person; of all models, or of one
  approve ID                    promote the candidate, if the champion is still the one it was compared with
  reject ID --reason TEXT       it never serves

  --url URL         where the host listens (TIDEMARK_URL, or http://127.0.0.1:8000)
  --sign            sign with your AWS credentials; addresses of API Gateway are signed anyway
  --region REGION   of --sign, where the URL does not say it (AWS_REGION)
  --json            answer one JSON object
  --reason TEXT     for the ledger (register, promote, rollback, pause, resume, approve, reject)
  --actor NAME      who does it, for the ledger (your user name); who signs is known, and NAME only for whom

register takes an ONNX file of scikit-learn, XGBoost, LightGBM, PyTorch or anything else that ONNX Runtime runs, and
50 to 100,000 rows (.csv, .tsv, .ndjson, each also .gz, or .parquet; of more, rows spread over the file) like those
it will be asked: what it is later compared with. They should be rows it was not trained on. Columns are matched to
inputs by name; a graph with one wide input takes all columns in the order of the file. The host tries the model on
the rows: READY, or the reason. The first version serves at once; later ones wait for promote.

  --target COLUMN   the truth, where the file has it: then losses are known from the start
  --exclude COLUMN  leave a column out; may be repeated
  --pii COLUMN      about people: requests may have it, the model does not; only whether a cell is empty is sent; may be repeated
  --task TASK       classification or regression, where the graph does not say
  --classes A,B,C   names of the classes in the order of the scores, where the graph has none (values of the target, sorted)
  --activation A    none, softmax or sigmoid: what makes probabilities of the scores, where they are not
  --scores OUTPUT   the output with the numbers, where there are several
  --label-output OUTPUT   the output with the label

Of images: DIR has PNG and JPEG files, FILE is a CSV of two columns, file and label; where nothing is known of an image the
label is empty. At most 2,000 images and 50 MB are sent, spread over the labels. What the graph expects of an image is
read from its input, or from the manifest.json that "tidemark train --images" wrote beside it; where neither says it:

  --size WxH        of the image the graph takes, pixels, such as 224x224; others are resized
  --channels N      1 (grey) or 3 (red, green, blue)
  --layout ORDER    NCHW or NHWC
  --scale NUMBER    multiplies the bytes 0 to 255 (1/255)
  --mean A,B,C --std A,B,C   per channel: subtracted after scaling, then divided by (neither)
  --embedding OUTPUT[:N]     an output that describes an image; its first N values are monitored (8, at most 32)
  --store-inputs    keep every image that was answered

Both:

  --version NAME    name of the version (the time and a hash)
  --wait SECONDS    how long to wait for the trial (600)

Exit 0: done; 1: the host refused, the version was REJECTED, or no host answers; 2: the words or the files cannot be used.
`;

const words = {
  url: { type: 'string' },
  sign: { type: 'boolean', default: false },
  region: { type: 'string' },
  json: { type: 'boolean', default: false },
  reason: { type: 'string' },
  actor: { type: 'string' },
  ...registerWords,
} as const;

type Values = ReturnType<typeof parseWords<typeof words>>['values'];

interface Subcommand {
  /** Fewest and most words after its name. */
  readonly names: readonly [number, number];
  readonly run: (context: Context, names: readonly string[], values: Values) => Promise<number>;
}

const subcommands: Readonly<Record<string, Subcommand>> = {
  list: { names: [0, 0], run: printModels },
  show: { names: [1, 1], run: printModel },
  versions: { names: [1, 1], run: printVersions },
  register: { names: [1, 1], run: register },
  complete: { names: [2, 2], run: completeUpload },
  promote: { names: [2, 2], run: move('promote', 'version') },
  rollback: { names: [1, 2], run: move('rollback', 'to_version') },
  pause: { names: [1, 1], run: turn('pause') },
  resume: { names: [1, 1], run: turn('resume') },
  approvals: { names: [0, 1], run: printApprovals },
  approve: { names: [1, 1], run: decide('approve') },
  reject: { names: [1, 1], run: decide('reject') },
};

export async function runModels(args: readonly string[]): Promise<number> {
  const { values, files } = parseWords(args, words);
  const [command = '', ...names] = files;
  const found = Object.hasOwn(subcommands, command) ? subcommands[command] : undefined;
  if (!found)
    throw new UsageError(
      `${command === '' ? 'a command is expected' : `there is no command "${command}"`}; allowed: ${Object.keys(subcommands).join(', ')}`,
    );
  const [fewest, most] = found.names;
  if (names.length < fewest || names.length > most)
    throw new UsageError(
      `${command} takes ${fewest === most ? fewest : `${fewest} or ${most}`} names, ${names.length} were given`,
    );
  if (command !== 'register') refuseRegisterWords(command, values);
  const url = values.url ?? process.env.TIDEMARK_URL ?? 'http://127.0.0.1:8000';
  if (!URL.canParse(url)) throw new UsageError(`--url ${url} is not a URL`);
  const context: Context = {
    client: createClient(url, signerFor(new URL(url), values, process.env)),
    isJson: values.json,
    actor: values.actor ?? userName(),
    reason: values.reason,
  };
  try {
    return await found.run(context, names, values);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    process.stderr.write(`tidemark models ${command}: ${error.message}\n`);
    return 1;
  }
}

function refuseRegisterWords(command: string, values: Values): void {
  const given = givenOf(values, registerWords);
  if (given !== undefined && !(command === 'complete' && given === 'wait'))
    throw new UsageError(`--${given} is not an option of ${command}`);
}

function move(action: 'promote' | 'rollback', member: string): Subcommand['run'] {
  return async (context, [name = '', version]) => {
    const answer = await context.client.post(`/models/${encodeURIComponent(name)}/${action}`, {
      actor: context.actor,
      reason: context.reason ?? `${action} from the command line`,
      ...(version === undefined ? {} : { [member]: version }),
    });
    return printMoved(context, answer);
  };
}

/** Where the system has no entry for the user, the ledger says operator. */
function userName(): string {
  try {
    return userInfo().username || 'operator';
  } catch {
    return 'operator';
  }
}
