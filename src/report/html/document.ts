/**
 * A run as one HTML file: no script, no network, nothing beside it. Read twice: the overview
 * first, then the results one after the other. What is not drawn is counted.
 */
import { frozen, isOpen, type ReportSource } from "../source.ts";
import { isMet } from "../verdict.ts";
import { type ReportView, type ViewLimits, viewOf } from "../view.ts";
import { counted, fate, moment, outcome, stillToCome, verdicts } from "../words.ts";
import { changesSection, differencesSection, redSection } from "./comparison.ts";
import { factsMarkup } from "./facts.ts";
import { type Markup, markup } from "./markup.ts";
import { matrixSection, timingsSection, warningsSection } from "./overview.ts";
import { resultSections } from "./results.ts";
import { contentPolicy, STYLE } from "./style.ts";

const LIMITS: ViewLimits = {
  rows: 1_000,
  regions: 60,
  failures: 0,
  spans: 200,
  differences: 100,
  cells: 50,
};

export async function* writeHtml(given: ReportSource): AsyncGenerator<string> {
  const source = frozen(given);
  const view = await viewOf(source, LIMITS);
  yield opening(view).markup;
  for (const section of [
    matrixSection(view),
    warningsSection(view),
    differencesSection(view),
    redSection(view),
    changesSection(view),
    timingsSection(view),
  ]) {
    if (section) yield section.markup;
  }
  for await (const part of resultSections(source)) yield part.markup;
  yield "</main>\n</body>\n</html>\n";
}

function opening(view: ReportView): Markup {
  const { head, tally } = view;
  const title = `${sign(view)} ${verdicts(head, tally)} · volley run ${head.runId}`;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${contentPolicy()}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="referrer" content="no-referrer" />
<title>${title}</title>
<link rel="icon" href="data:," />
<style>${{ markup: STYLE }}</style>
</head>
<body>
<header>
<h1>Run <code>${head.runId}</code> ${fate(head)}</h1>
${counts(view)}
${facts(view)}
${note(view)}</header>
<main>
`;
}

function sign({ head, tally }: ReportView): string {
  if (isMet(head)) return "✓";
  if (tally.red > 0) return "✗";
  return isOpen(head) ? "…" : "✓";
}

function counts({ head, tally }: ReportView): Markup {
  const { errored, failed, known, passed } = tally;
  const { total, unexpected = 0, verdict } = head.summary;
  const judged = unexpected === 0 ? "✓ all as expected" : `✗ ${unexpected} not as expected`;
  const results =
    known === total ? counted(total, "result") : `${known} of ${counted(total, "result")} known`;
  return markup`<ul class="counts">
<li>${results}</li>
<li class="pass">✓ ${passed} passed</li>
<li class="${failed > 0 ? "fail" : ""}">✗ ${failed} failed</li>
<li class="${errored > 0 ? "error" : ""}">! ${errored} errored</li>
${verdict && markup`<li class="${unexpected > 0 ? "fail" : "pass"}">${judged}</li>\n`}</ul>`;
}

function facts({ head, tally }: ReportView): Markup {
  const { completedAt, createdAt, mode, parentRunId, tags } = head;
  return factsMarkup({
    jobs: tally.jobs,
    mode,
    tags: tags.length > 0 ? tags.join(", ") : undefined,
    accepted: moment(createdAt),
    ended: completedAt === undefined ? undefined : moment(completedAt),
    repeats: parentRunId,
  });
}

function note({ head, tally }: ReportView): Markup | undefined {
  const more = stillToCome(head, tally) ?? outcome(head);
  return more === undefined ? undefined : markup`<p class="note">${more}</p>\n`;
}
