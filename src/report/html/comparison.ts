/** The parts of the HTML report that compare: what differs, why cells are red, what has changed. */
import {
  causeText,
  cellText,
  changesText,
  changeWord,
  type Differing,
  type NamedCell,
  newsOf,
  redText,
} from "../comparison.ts";
import type { ReportView } from "../view.ts";
import { counted } from "../words.ts";
import { type Markup, markup } from "./markup.ts";

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
export function redSection({ comparison }: ReportView): Markup | undefined {
  if (!comparison || comparison.red === 0) return undefined;
  const { causes, cells } = comparison;
  const list =
    causes.length > 1
      ? markup`<ul class="causes">
${causes.map((cause) => markup`<li>${causeText(cause)}</li>\n`)}</ul>
`
      : undefined;
  return markup`<section>
<h2>${redText(comparison)}</h2>
${list}${cells.map(callsMarkup)}</section>
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
