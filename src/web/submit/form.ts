/** What the form holds, and the request it comes to. Pure. */
import type { RunRequest } from "../../domain/run.ts";

export interface RunnerChoice {
  readonly name: string;
  /** JSON text of the input beside `url`; empty for none. */
  readonly input: string;
}

export interface Form {
  readonly mode: "remote" | "local";
  /** One on each line. */
  readonly urls: string;
  readonly regions: readonly string[];
  readonly runners: readonly RunnerChoice[];
  readonly tags: string;
  /** As `eu-*=pass us-*=fail`. */
  readonly expect: string;
  readonly policy: "" | "all" | "any" | "majority";
  /** Seconds. */
  readonly timeout: string;
  readonly retries: string;
  readonly concurrency: string;
  readonly strict: boolean;
}

export const EMPTY_FORM: Form = {
  mode: "remote",
  urls: "",
  regions: [],
  runners: [],
  tags: "",
  expect: "",
  policy: "",
  timeout: "",
  retries: "",
  concurrency: "",
  strict: false,
};

export interface Drafted {
  readonly request: RunRequest;
  /** What stands in the way of submitting it, a sentence each. */
  readonly faults: readonly string[];
}

export function requestOf(form: Form): Drafted {
  const faults: string[] = [];
  const urls = words(form.urls, /\s*\n\s*/);
  const tags = words(form.tags, /[\s,]+/);
  const inputs = new Map(form.runners.map(({ input, name }) => [name, parsedInput(input)]));
  for (const [name, input] of inputs) {
    if (!input) faults.push(`The input of ${name} must be a JSON object.`);
  }
  if (urls.length === 0) faults.push("Name at least one URL.");
  if (form.runners.length === 0) faults.push("Choose at least one runner.");
  const remote = form.mode === "remote";
  if (remote && form.regions.length === 0) faults.push("Choose at least one region.");
  const places = remote ? form.regions.map((region) => ({ region })) : [{}];
  const runners = urls.flatMap((url) =>
    places.flatMap((place) =>
      form.runners.map(({ name }) => ({ name, ...place, input: { ...inputs.get(name), url } })),
    ),
  );
  const expect = expectation(form.expect, faults);
  const timeout = number(form.timeout);
  const request: RunRequest = {
    runners,
    mode: form.mode,
    ...(tags.length > 0 && { tags }),
    ...(timeout !== undefined && { timeout: Math.round(timeout * 1_000) }),
    ...known("retries", number(form.retries)),
    ...known("concurrency", number(form.concurrency)),
    ...(form.strict && { strict: true }),
    ...(expect && { expect }),
    ...(form.policy !== "" && { policy: form.policy }),
  };
  return { request, faults };
}

function words(text: string, separator: RegExp): string[] {
  return [
    ...new Set(
      text
        .trim()
        .split(separator)
        .filter((word) => word !== ""),
    ),
  ];
}

function number(text: string): number | undefined {
  return text.trim() === "" ? undefined : Number(text);
}

function known<Name extends string>(name: Name, value: number | undefined) {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, number>>;
}

function parsedInput(text: string): Record<string, unknown> | undefined {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function expectation(text: string, faults: string[]): RunRequest["expect"] {
  const entries = words(text, /[\s,]+/).map((word) => word.split("="));
  if (entries.length === 0) return undefined;
  const wrong = entries.find(([glob, status]) => !glob || (status !== "pass" && status !== "fail"));
  if (wrong) faults.push(`Write what is expected as eu-*=pass, not ${wrong.join("=")}.`);
  return Object.fromEntries(entries) as RunRequest["expect"];
}
