/** Every format a run can be reported in. Writers are pure: no files, no clock, no environment. */
import { writeJson, writeNdjson } from "./json.ts";
import type { ReportSource } from "./source.ts";
import { writeText } from "./text.ts";

export type { ReportSource } from "./source.ts";

export interface ReportFormat {
  /** Media type, with its charset. */
  readonly contentType: string;
  /** Of a file's name, without the leading dot. */
  readonly extension: string;
  /** The report in pieces; one after the other, they are the document. */
  write(source: ReportSource): AsyncIterable<string>;
}

export type FormatName = "json" | "ndjson" | "txt";

const TEXT = "text/plain;charset=utf-8";

export const FORMATS: Readonly<Record<FormatName, ReportFormat>> = {
  json: {
    contentType: "application/json;charset=utf-8",
    extension: "json",
    write: writeJson,
  },
  ndjson: {
    contentType: "application/x-ndjson;charset=utf-8",
    extension: "ndjson",
    write: writeNdjson,
  },
  txt: { contentType: TEXT, extension: "txt", write: writeText },
};
