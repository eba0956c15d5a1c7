/** Progress on stderr: one line that renews itself on a terminal, a line every few seconds elsewhere. */

type Side = 'reference' | 'current';
type Done = { readonly bytes: number; readonly ofBytes: number; readonly rows: number };

const everyMs = { terminal: 200, file: 4000 };

export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #started = Date.now();
  readonly #done: Record<Side, number> = { reference: 0, current: 0 };
  #told = Date.now();
  #hasLine = false;

  constructor(out: NodeJS.WriteStream, reference: string, current: string) {
    this.#out = out;
    out.write(`comparing ${current} with ${reference}\n`);
  }

  of(side: Side): (done: Done) => void {
    return ({ bytes, ofBytes }) => {
      this.#done[side] = ofBytes > 0 ? bytes / ofBytes : 1;
      const now = Date.now();
      if (now - this.#told < (this.#out.isTTY ? everyMs.terminal : everyMs.file)) return;
      this.#told = now;
      this.#write();
    };
  }

  end(): void {
    if (this.#hasLine) this.#out.write('\r\u001b[K');
    this.#hasLine = false;
  }

  #write(): void {
    const percent = (side: Side) => `${side} ${Math.floor(100 * this.#done[side])} %`;
    const text = `${percent('reference')}, ${percent('current')}, ${Math.round((Date.now() - this.#started) / 1000)} s`;
    this.#hasLine = this.#out.isTTY === true;
    this.#out.write(this.#hasLine ? `\r\u001b[K${text}` : `${text}\n`);
  }
}
