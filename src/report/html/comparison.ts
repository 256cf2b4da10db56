/** The parts of the HTML report that compare: what differs, why cells are red, what has changed. */
import type { Cause } from "../../domain/comparison.ts";
import { exampleOf, moreCauses, redCount, runnersOf } from "../causes.ts";
import { changesText, changeWord } from "../changes.ts";
import { cellText, type Differing, type NamedCell, newsOf } from "../comparison.ts";
import { blame } from "../verdict.ts";
import type { ReportView } from "../view.ts";
import { counted } from "../words.ts";
import { type Markup, markup } from "./markup.ts";

const MAX_CAUSES = 100;

/** Undefined if all regions agree. */
export function differencesSection({ comparison }: ReportView): Markup | undefined {
  if (!comparison || comparison.differing.length === 0) return undefined;
  const { differing, hiddenDiffering } = comparison;
  const more = markup`<p class="soft">Not drawn: ${counted(hiddenDiffering, "more row")}.</p>\n`;
  return markup`<section>
<h2>What differs</h2>
<ul class="causes">
${differing.map(differingMarkup)}</ul>
${hiddenDiffering > 0 ? more : undefined}</section>
`;
}

function differingMarkup({ hiddenUrls, lines, runner, urls }: Differing): Markup {
  const more = hiddenUrls > 0 ? ` and ${counted(hiddenUrls, "more url")}` : "";
  const said = lines.map(({ answers, path }) => markup`<br /><code>${path}</code> ${answers}`);
  return markup`<li><b>${runner}</b> <span class="url">${urls.join(", ")}${more}</span>${said}</li>
`;
}

/** Undefined if nothing is red. */
export function redSection({ comparison, red }: ReportView): Markup | undefined {
  if (red.causes.length === 0) return undefined;
  const more = moreCauses(red.causes.slice(MAX_CAUSES));
  return markup`<section>
<h2>${redCount(red)}</h2>
<ul class="causes">
${red.causes.slice(0, MAX_CAUSES).map(causeMarkup)}</ul>
${more && markup`<p class="soft">${more}</p>\n`}${comparison?.cells.map(callsMarkup)}</section>
`;
}

function causeMarkup(cause: Cause): Markup {
  const whose = blame(cause);
  const example = exampleOf(cause);
  const who = runnersOf(cause);
  return markup`<li><b>${cause.cells} × ${cause.cause}</b>${example && markup`<br />${example}`}<br /><small>${whose && markup`<code>${whose}</code> · `}${who && `${who} in `}${cause.where}</small></li>
`;
}

/** How a red cell is repeated. */
function callsMarkup(cell: NamedCell): Markup {
  const { change, curl, rerun, url } = cell;
  if (rerun === undefined && curl === undefined) return markup``;
  const calls = [rerun, curl].filter((call) => call !== undefined);
  return markup`<details>
<summary>Again: <b>${cellText(cell)}</b> <span class="url">${url}</span> <small>${changeWord(change)}</small></summary>
<div class="inside">
${calls.map((call) => markup`<pre>${call}</pre>\n`)}</div>
</details>
`;
}

/** Undefined if there is nothing to compare with. */
export function changesSection({ comparison }: ReportView): Markup | undefined {
  if (!comparison?.changes) return undefined;
  const { hidden, news } = newsOf(comparison);
  const items = news.map(
    (cell) =>
      markup`<li><b>${changeWord(cell.change)}</b> ${cellText(cell)} <span class="url">${cell.url}</span></li>\n`,
  );
  const more = markup`<p class="soft">And ${counted(hidden, "more cell")}.</p>\n`;
  return markup`<section>
<h2>Against the run before</h2>
<p>${changesText(comparison.changes)}.</p>
${items.length > 0 ? markup`<ul class="causes">\n${items}</ul>\n` : undefined}${hidden > 0 ? more : undefined}</section>
`;
}
