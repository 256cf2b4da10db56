/** The parts of the HTML report that are seen at a glance: matrix, warnings, timings. */
import { type Cell, type Row, rowName, shadeOf, SIGNS, WORDS } from "../cells.ts";
import type { ReportView, Span } from "../view.ts";
import { counted, duration } from "../words.ts";
import { anchorOf } from "./anchors.ts";
import { type Markup, markup } from "./markup.ts";

export function matrixSection({ matrix }: ReportView): Markup {
  const { hiddenRegions, hiddenRows, regions, rows } = matrix;
  const rest = `${counted(hiddenRows, "more row")} (those with a failure or an error come first)`;
  const hidden = [
    ...(hiddenRows > 0 ? [rest] : []),
    ...(hiddenRegions > 0 ? [counted(hiddenRegions, "more region")] : []),
  ];
  return markup`<section>
<h2 id="regions">Regions side by side</h2>
<div class="wide" role="region" aria-labelledby="regions" tabindex="0">
<table>
<thead>
<tr><th scope="col">Runner and url</th>${regions.map((region) => markup`<th scope="col">${region}</th>`)}</tr>
</thead>
<tbody>
${rows.map((row) => rowMarkup(row, regions))}</tbody>
</table>
</div>
${hidden.length > 0 ? markup`<p class="soft">Not drawn: ${hidden.join(" and ")}.</p>\n` : undefined}</section>
`;
}

function rowMarkup(row: Row, regions: readonly string[]): Markup {
  const cells = regions.map((region) => cellMarkup(row.cells.get(region)));
  return markup`<tr><th scope="row"><b>${rowName(row)}</b> <span class="url">${row.url}</span></th>${cells}</tr>
`;
}

function cellMarkup(cell: Cell | undefined): Markup {
  if (!cell) return markup`<td></td>`;
  const { durationMs, errorSource, mark } = cell;
  const anchor = anchorOf(cell);
  const label = `${SIGNS[mark]} ${WORDS[mark]}`;
  const linked =
    anchor === undefined ? markup`${label}` : markup`<a href="#${anchor}">${label}</a>`;
  const more = [errorSource, durationMs === undefined ? undefined : duration(durationMs)]
    .filter((part) => part !== undefined)
    .join(" · ");
  const small = more === "" ? undefined : markup` <small>${more}</small>`;
  return markup`<td class="${shadeOf(mark)}"><span class="mark">${linked}</span>${small}</td>`;
}

/** Undefined if there are no warnings. */
export function warningsSection({ hiddenWarnings, warnings }: ReportView): Markup | undefined {
  if (warnings.length === 0) return undefined;
  const more = markup`<p class="soft">And ${counted(hiddenWarnings, "more warning")}.</p>\n`;
  return markup`<section>
<h2>Warnings</h2>
<ul class="causes">
${warnings.map((text) => markup`<li>${text}</li>\n`)}</ul>
${hiddenWarnings > 0 ? more : undefined}</section>
`;
}

/** Undefined if no job has ended after a dispatch. */
export function timingsSection({ head, hiddenSpans, spans }: ReportView): Markup | undefined {
  if (spans.length === 0) return undefined;
  const lastEnd = Math.max(...spans.map(({ durationMs, startMs }) => startMs + durationMs));
  const whole = Math.max(lastEnd, head.durationMs ?? 0, 1);
  const more =
    hiddenSpans > 0
      ? ` The slowest ${spans.length}; ${counted(hiddenSpans, "more job")} not drawn.`
      : "";
  return markup`<section>
<h2>Timings</h2>
<p class="soft">Each job from its first dispatch to its end. The whole width is ${duration(whole)} from the acceptance of the run.${more}</p>
<ol class="spans">
${spans.map((span) => spanMarkup(span, whole))}</ol>
</section>
`;
}

function spanMarkup(span: Span, whole: number): Markup {
  const { attempts, durationMs, region, startMs, url, worst } = span;
  const share = (ms: number): string => ((ms / whole) * 1_000).toFixed(1);
  const repeated = attempts > 1 ? `, ${attempts} attempts` : "";
  const label = `${worst}: began after ${duration(startMs)}, took ${duration(durationMs)}${repeated}`;
  // The shortest job is still to be seen.
  const width = share(Math.max(durationMs, whole / 250));
  return markup`<li><span>${region} <small class="url">${url}</small></span>
<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${label}"><rect class="${worst}" x="${share(startMs)}" width="${width}" height="10" /></svg>
<span class="time">${SIGNS[worst]} ${duration(durationMs)}</span></li>
`;
}
