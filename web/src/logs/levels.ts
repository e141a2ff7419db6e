/** The levels that Phoenix finds, worst first. */
export const levels = ['fatal', 'critical', 'error', 'warn', 'info', 'debug', 'trace', 'unknown'] as const;
export type Level = (typeof levels)[number];

/** A level as it stands in `detected_level`; anything else is unknown. */
export function levelOf(text: string | undefined): Level {
  return (levels as readonly string[]).includes(text ?? '') ? (text as Level) : 'unknown';
}

/** The variable of the page's colours that stands for a level. */
export const levelColor = (level: Level) => `var(--level-${level})`;
