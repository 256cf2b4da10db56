/** Every format a run can be reported in. Writers are pure: no files, no clock, no environment. */
import { writeCtrf } from "./ctrf.ts";
import { writeAnnotations } from "./github.ts";
import { writeHtml } from "./html/document.ts";
import { writeJson, writeNdjson } from "./json.ts";
import { writeJunit } from "./junit.ts";
import { writeDots, writeList } from "./lines.ts";
import { writeMarkdown } from "./markdown.ts";
import type { ReportSource } from "./source.ts";
import { writeText } from "./text.ts";

export type { ReportSource } from "./source.ts";

export interface ReportFormat {
  /** Media type, with its charset. */
  readonly contentType: string;
  /** Of a file's name, without the leading dot. */
  readonly extension: string;
  /** What the format is and whom it is for, in one sentence. */
  readonly description: string;
  /** The report in pieces; one after the other, they are the document. */
  write(source: ReportSource): AsyncIterable<string>;
}

export type FormatName =
  "list" | "dot" | "json" | "ndjson" | "junit" | "ctrf" | "md" | "html" | "github" | "txt";

const TEXT = "text/plain;charset=utf-8";
const JSON_TYPE = "application/json;charset=utf-8";

export const FORMATS: Readonly<Record<FormatName, ReportFormat>> = {
  list: {
    contentType: TEXT,
    extension: "txt",
    description: "One line per result.",
    write: writeList,
  },
  dot: {
    contentType: TEXT,
    extension: "txt",
    description: "One character per result, then a line for each that did not pass.",
    write: writeDots,
  },
  json: {
    contentType: JSON_TYPE,
    extension: "json",
    description: "The RunSummary, as `GET /{runId}` answers it.",
    write: writeJson,
  },
  ndjson: {
    contentType: "application/x-ndjson;charset=utf-8",
    extension: "ndjson",
    description: "JSON lines: the RunSummary without its jobs, then one Job per line.",
    write: writeNdjson,
  },
  junit: {
    contentType: "application/xml;charset=utf-8",
    extension: "xml",
    description: "JUnit XML for Jenkins, GitLab and other readers of test reports.",
    write: writeJunit,
  },
  ctrf: {
    contentType: JSON_TYPE,
    extension: "ctrf.json",
    description: "CTRF, the Common Test Report Format.",
    write: writeCtrf,
  },
  md: {
    contentType: "text/markdown;charset=utf-8",
    extension: "md",
    description: "Markdown that fits a comment of a pull request.",
    write: writeMarkdown,
  },
  html: {
    contentType: "text/html;charset=utf-8",
    extension: "html",
    description: "One self-contained page.",
    write: writeHtml,
  },
  github: {
    contentType: TEXT,
    extension: "txt",
    description: "Annotations of GitHub Actions.",
    write: writeAnnotations,
  },
  txt: {
    contentType: TEXT,
    extension: "txt",
    description: "Text for a person: the matrix, what failed, and why there are errors.",
    write: writeText,
  },
};
