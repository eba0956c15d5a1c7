/** UTF-8 with a memory: a file in another encoding is read with replacement characters, and says so once. */

const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder('utf-8');

export class CellDecoder {
  /** The first text that was not UTF-8, as it was read. */
  broken: string | undefined;

  readonly decode = (bytes: Uint8Array): string => {
    try {
      return strict.decode(bytes);
    } catch {
      const text = lenient.decode(bytes);
      this.broken ??= text;
      return text;
    }
  };

  /** What a person should know about the encoding. */
  notes(): readonly string[] {
    if (this.broken === undefined) return [];
    const shown = this.broken.length > 40 ? `${this.broken.slice(0, 40)}…` : this.broken;
    return [
      `some text is not UTF-8 and was read with replacement characters, first ${JSON.stringify(shown)}`,
    ];
  }
}
