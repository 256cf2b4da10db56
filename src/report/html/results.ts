/** The results of a run, each behind a line that opens: details, log and pictures. */
import type { Job } from "../../domain/job.ts";
import type { Result } from "../../domain/result.ts";
import { regionOf, shadeOf, SIGNS, WORDS } from "../cells.ts";
import { detailsText, logText, pictures } from "../details.ts";
import { resultNames } from "../names.ts";
import type { ReportSource } from "../source.ts";
import { beginning } from "../untrusted-text.ts";
import { isRed, lookOf } from "../verdict.ts";
import { counted, duration, timingText } from "../words.ts";
import { anchorOf, MAX_GREEN, MAX_RED } from "./anchors.ts";
import { factsMarkup } from "./facts.ts";
import { type Markup, markup } from "./markup.ts";

/** Longest text of one part of a result. */
const MAX_TEXT = 20_000;
/** Characters of all pictures together. */
const PICTURE_ROOM = 16 * 1_024 * 1_024;

/** How many results of either colour came before, and how much room pictures have left. */
interface Course {
  red: number;
  green: number;
  room: number;
  hiddenPictures: number;
}

export async function* resultSections(source: ReportSource): AsyncGenerator<Markup> {
  const course: Course = { red: 0, green: 0, room: PICTURE_ROOM, hiddenPictures: 0 };
  yield markup`<section>
<h2>Results</h2>
`;
  for await (const job of source.jobs()) {
    const names = resultNames(job.results);
    for (const [index, result] of job.results.entries()) {
      const place = isRed(result) ? course.red++ : course.green++;
      const anchor = anchorOf({ mark: lookOf(result), place });
      if (anchor !== undefined)
        yield resultMarkup({ name: names[index] ?? "", result, job, anchor }, course);
    }
  }
  yield markup`${left(course)}</section>
`;
}

/** What was not spelled out. */
function left({ green, hiddenPictures, red }: Course): Markup | undefined {
  if (red + green === 0) return markup`<p class="soft">No result is known yet.</p>\n`;
  const parts = [
    ...(red > MAX_RED ? [`${counted(red - MAX_RED, "more result")} that did not pass`] : []),
    ...(green > MAX_GREEN ? [`${counted(green - MAX_GREEN, "more result")} that passed`] : []),
    ...(hiddenPictures > 0 ? [counted(hiddenPictures, "picture")] : []),
  ];
  if (parts.length === 0) return undefined;
  return markup`<p class="soft">Not spelled out here: ${parts.join(", ")}. The JSON report has them all.</p>
`;
}

interface Told {
  readonly name: string;
  readonly result: Result;
  readonly job: Job;
  readonly anchor: string;
}

function resultMarkup({ anchor, job, name, result }: Told, course: Course): Markup {
  const { durationMs, errorMessage } = result;
  const look = lookOf(result);
  const time =
    durationMs === undefined ? undefined : markup` <small>${duration(durationMs)}</small>`;
  const said =
    errorMessage === undefined
      ? undefined
      : markup`<p class="said">${beginning(errorMessage, MAX_TEXT)}</p>\n`;
  return markup`<details>
<summary><span class="mark ${shadeOf(look)}">${SIGNS[look]} ${WORDS[look]}</span> <b>${name}</b> ${regionOf(job)} <span class="url">${job.url}</span>${time}</summary>
<div class="inside" id="${anchor}">
${said}${facts(result, job)}
${textPart("Details", detailsText(result, 2))}${textPart("Log", logText(result))}${pictureMarkup(result, course)}</div>
</details>
`;
}

function facts({ errorCode, errorSource, reportedName }: Result, job: Job): Markup {
  return factsMarkup({
    "who failed": errorSource,
    code: errorCode,
    "reported as": reportedName,
    job: job.jobId,
    "job state": job.state.replace("_", " "),
    attempts: job.attempts,
    time: job.timing && timingText(job.timing),
    "region mismatch": job.regionMismatch?.message,
  });
}

function textPart(title: string, text: string | undefined): Markup | undefined {
  if (text === undefined) return undefined;
  // A reader drops the first newline of a <pre>.
  return markup`<h3>${title}</h3>
<pre>
${beginning(text, MAX_TEXT)}</pre>
`;
}

function pictureMarkup(result: Result, course: Course): Markup {
  const shown = pictures(result).filter(({ url }) => {
    const fits = url.length <= course.room;
    if (fits) course.room -= url.length;
    else course.hiddenPictures++;
    return fits;
  });
  return markup`${shown.map(
    ({ name, url }) => markup`<figure>
<img src="${url}" alt="${name} of ${result.name}" />
<figcaption>${name}</figcaption>
</figure>
`,
  )}`;
}
