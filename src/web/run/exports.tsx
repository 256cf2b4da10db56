/** The run in every format that others read. */
import { API } from "../server.ts";

const FORMATS = [
  { file: "report.html", about: "One page that works without a server" },
  { file: "report.md", about: "Markdown, for an issue or a pull request" },
  { file: "report.xml", about: "JUnit XML, for continuous integration" },
  { file: "report.ctrf.json", about: "CTRF, for test reporters" },
  { file: "report.json", about: "Everything, as the API tells it" },
  { file: "report.ndjson", about: "The same, a line per job" },
  { file: "report.txt", about: "Plain text" },
  { file: "comparison", about: "The regions side by side, as JSON" },
];

export function Exports({ runId }: { readonly runId: string }) {
  const base = `${API}/${encodeURIComponent(runId)}`;
  return (
    <section aria-label="Reports">
      <ul class="exports">
        {FORMATS.map(({ about, file }) => (
          <li key={file}>
            <a href={`${base}/${file}`} target="_blank" rel="noopener">
              {file}
            </a>
            <span class="soft">{about}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
