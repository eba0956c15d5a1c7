/** What the text of a cell, or of a label sent as text, stands for. */

const numericText = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

/** Whether a cell reads as a finite decimal number. */
export function isNumericText(text: string): boolean {
  return numericText.test(text) && Number.isFinite(Number(text));
}

/** Whether a cell says "not known". */
export function isMissingText(text: string): boolean {
  return text === '' || /^(na|n\/a|nan|null|none)$/i.test(text);
}
