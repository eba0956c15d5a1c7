/** What a report may show of single rows: nothing. */

/** A value that fewer rows have is counted, never named: it may be somebody's. */
export const MIN_NAMED_ROWS = 5;
