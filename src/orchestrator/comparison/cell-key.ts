/** What makes two results answers to the same question: runner, region and input, of one url. */
import type { RequestedRunner } from "../../domain/job.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { withoutSealed } from "../../lib/secrets.ts";

/** Tells the rows of one url apart. */
export function rowKey({ input, name }: RequestedRunner): string {
  return canonicalJson([name, inputBesideUrl(input) ?? {}]);
}

/** Tells the cells of one url apart. */
export function cellKey(runner: RequestedRunner, region: string | undefined): string {
  return `${region ?? ""} ${rowKey(runner)}`;
}

/** The input without the url, which stands beside it; undefined if there is nothing more. */
export function inputBesideUrl(
  input: RequestedRunner["input"],
): Record<string, unknown> | undefined {
  if (!input) return undefined;
  const { url: _url, ...rest } = input;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/** The same to be shown: without the secrets that were sealed in it. */
export function shownInput(input: RequestedRunner["input"]): Record<string, unknown> | undefined {
  return withoutSealed(inputBesideUrl(input)) as Record<string, unknown> | undefined;
}
