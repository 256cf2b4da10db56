/** Regions that answer by a table, and what the API says of runs over them. */
import type { Comparison } from "../../src/domain/comparison.ts";
import type { Result } from "../../src/domain/result.ts";
import type { HandlerOptions } from "../../src/handler.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { regions, Served } from "./serving.ts";

export const URL_UNDER_TEST = "https://shop.example/";

/** What a region answers to each runner; undefined: it answers HTTP 500. */
export type Answers = Readonly<Record<string, (name: string) => Partial<Result> | undefined>>;

export class Fleet implements AsyncDisposable {
  /** May be changed between two runs. */
  answers: Answers;
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  readonly api: Served;

  constructor(answers: Answers, options: HandlerOptions = {}) {
    this.answers = answers;
    this.endpoints = Object.fromEntries(
      Object.keys(answers).map((region) => [
        region,
        startEndpoint(({ body }) => {
          const results = body.runners.map(({ name }) => this.answers[region]?.(name));
          if (results.includes(undefined)) return new Response("no", { status: 500 });
          return Response.json({ results });
        }),
      ]),
    );
    const bases = Object.entries(this.endpoints).map(([name, { base }]) => [name, base]);
    this.api = new Served({ regions: regions(Object.fromEntries(bases)), ...options });
  }

  /** A run of these runners in all regions, ended. */
  async run(names: readonly string[], more: object = {}, input: object = {}): Promise<string> {
    const runners = Object.keys(this.endpoints).flatMap((region) =>
      names.map((name) => ({ name, region, input: { url: URL_UNDER_TEST, ...input } })),
    );
    const runId = await this.api.submit({ mode: "remote", runners, ...more });
    await this.api.ended(runId);
    return runId;
  }

  async comparison(runId: string, query = ""): Promise<Comparison> {
    const response = await this.api.get(`/${runId}/comparison${query}`);
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Comparison;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    for (const endpoint of Object.values(this.endpoints)) endpoint[Symbol.dispose]();
  }
}

export const visible = (shown: boolean) => (): Partial<Result> => ({
  status: shown ? "pass" : "fail",
  details: { visible: shown, at: Math.random() },
  durationMs: 5,
});
