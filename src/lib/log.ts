/**
 * Log: one JSON object per line, or a readable line on a terminal.
 *
 * A line never contains a raw control character from a field, whatever an untrusted endpoint
 * sent, so a log cannot be forged and a terminal cannot be driven by it.
 */
import type { Redactor } from "./redactor.ts";

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
      const head: LineHead = { time: new Date(options.now()).toISOString(), level, message };
      const line = options.pretty ? prettyLine : jsonLine;
      options.write(line(head, { ...bound, ...fields }));
    };
  return {
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog(options, { ...bound, ...fields }),
  };
}

/** The same log without secrets, also in the errors it is given. */
export function redactedLog(log: Log, redactor: Redactor): Log {
  const clean = (fields: LogFields = {}): LogFields =>
    redactor.value(
      Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plain(value)])),
    ) as LogFields;
  return {
    info: (message, fields) => log.info(redactor.text(message), clean(fields)),
    warn: (message, fields) => log.warn(redactor.text(message), clean(fields)),
    error: (message, fields) => log.error(redactor.text(message), clean(fields)),
    with: (fields) => redactedLog(log.with(clean(fields)), redactor),
  };
}

/** An error as the object that it is logged as, and so are those that caused it. */
function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { cause, ...rest } = described(value);
  return { ...rest, ...(cause === undefined ? {} : { cause: plain(cause) }) };
}

/** A log that goes nowhere: the default of a library, which does not own stderr. */
export const silentLog: Log = createLog({ write: () => {}, pretty: false, now: () => 0 });

interface LineHead {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
}

/** The head stands first and last: first to be read first, last so that no field replaces it. */
function jsonLine(head: LineHead, fields: LogFields): string {
  const line = { ...head, ...fields, ...head };
  return `${escapeControls(JSON.stringify(line, describeErrors))}\n`;
}

function prettyLine({ level, message, time }: LineHead, fields: LogFields): string {
  const pairs = Object.entries(fields).map(
    ([key, value]) =>
      `${key}=${typeof value === "string" ? value : JSON.stringify(value, describeErrors)}`,
  );
  const text = [time.slice(11, 19), level === "info" ? "" : level.toUpperCase(), message, ...pairs];
  return `${withoutControls(text.filter(Boolean).join(" "))}\n`;
}

/** JSON escapes the C0 controls, but not DEL and the C1 controls, which terminals obey as well. */
function escapeControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function describeErrors(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Error ? described(value) : value;
}

function described({ cause, message, name, stack }: Error) {
  return { name, message, stack, cause };
}

/** Text with every C0 and C1 control character replaced, safe to print on a terminal. */
export function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\u00b7");
}
