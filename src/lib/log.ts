/**
 * Log: one JSON object per line, or a readable line on a terminal.
 *
 * A line never contains a raw control character from a field, whatever an untrusted endpoint
 * sent, so a log cannot be forged and a terminal cannot be driven by it.
 */
export type LogLevel = "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `fields` on every line. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly write: (line: string) => void;
  /** Lines for a person instead of JSON. */
  readonly pretty: boolean;
  readonly now: () => number;
}

export function createLog(options: LogOptions, bound: LogFields = {}): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      const time = new Date(options.now()).toISOString();
      const all = { ...bound, ...fields };
      options.write(options.pretty ? prettyLine(time, level, message, all) : jsonLine());
      function jsonLine(): string {
        return `${JSON.stringify({ time, level, message, ...all }, describeErrors)}\n`;
      }
    };
  return {
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog(options, { ...bound, ...fields }),
  };
}

/** A log that goes nowhere: the default of a library, which does not own stderr. */
export const silentLog: Log = createLog({ write: () => {}, pretty: false, now: () => 0 });

function prettyLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(
    ([key, value]) =>
      `${key}=${typeof value === "string" ? value : JSON.stringify(value, describeErrors)}`,
  );
  const text = [time.slice(11, 19), level === "info" ? "" : level.toUpperCase(), message, ...pairs];
  return `${withoutControls(text.filter(Boolean).join(" "))}\n`;
}

function describeErrors(_key: string, value: unknown): unknown {
  return value instanceof Error
    ? { name: value.name, message: value.message, stack: value.stack }
    : value;
}

/** Text with every C0 and C1 control character replaced, safe to print on a terminal. */
export function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\u00b7");
}
