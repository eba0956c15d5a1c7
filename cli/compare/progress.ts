/** Progress on stderr: one line that renews itself on a terminal, a line every few seconds elsewhere. */

type Side = 'reference' | 'current';
type Done = { readonly bytes: number; readonly ofBytes: number; readonly rows: number };

const everyMs = { terminal: 200, file: 4000 };

export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #started = Date.now();
  readonly #done: Record<Side, number> = { reference: 0, current: 0 };
  readonly #timer: NodeJS.Timeout;
  #told = Date.now();
  #hasLine = false;
  #hasCounted = false;

  constructor(out: NodeJS.WriteStream, reference: string, current: string) {
    this.#out = out;
    out.write(`comparing ${current} with ${reference}\n`);
    this.#timer = setInterval(() => this.#tell(), this.#everyMs / 8).unref();
  }

  of(side: Side): (done: Done) => void {
    return ({ bytes, ofBytes }) => {
      this.#done[side] = ofBytes > 0 ? bytes / ofBytes : 1;
      this.#tell();
      this.#tellCounted();
    };
  }

  get #everyMs(): number {
    return this.#out.isTTY ? everyMs.terminal : everyMs.file;
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#hasLine) this.#out.write('\r\u001b[K');
    this.#hasLine = false;
  }

  #tell(): void {
    const now = Date.now();
    if (now - this.#told < this.#everyMs) return;
    this.#told = now;
    this.#write(`${this.#step()}, ${Math.round((now - this.#started) / 1000)} s`);
  }

  /** The verdicts of a wide file take a while, in one go. */
  #tellCounted(): void {
    if (this.#hasCounted || !this.#isCounted()) return;
    this.#hasCounted = true;
    if (Date.now() - this.#started < this.#everyMs) return;
    this.#told = 0;
    this.#tell();
  }

  #isCounted(): boolean {
    return Math.min(this.#done.reference, this.#done.current) >= 1;
  }

  /** Samples are read before anything is counted. */
  #step(): string {
    const { reference, current } = this.#done;
    if (reference + current === 0) return 'looking at samples of both files';
    if (this.#isCounted()) return 'comparing the counts';
    const percent = (side: Side) => `${side} ${Math.floor(100 * this.#done[side])} %`;
    return `${percent('reference')}, ${percent('current')}`;
  }

  #write(text: string): void {
    this.#hasLine = this.#out.isTTY === true;
    this.#out.write(this.#hasLine ? `\r\u001b[K${text}` : `${text}\n`);
  }
}
