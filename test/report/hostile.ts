/** Text that breaks whatever prints it without escaping, and runs whose every text is such. */
import type { Job } from "../../src/domain/job.ts";
import type { RunSummary } from "../../src/domain/run.ts";

export const CORPUS: readonly string[] = [
  "<script>alert(1)</script>",
  "</script><script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '" onfocus="alert(1)" autofocus="',
  "</pre></div></details><iframe src=javascript:alert(1)>",
  "</style><style>*{background:url(https://evil.example/)}</style>",
  "</title><base href=https://evil.example/>",
  "<!-- --!><img src=x onerror=alert(1)>",
  "<![CDATA[<img src=x onerror=alert(1)>]]>",
  "]]><script>alert(1)</script>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "&#60;script&#62;",
  "&notanentity; &amp;lt;",
  "<meta http-equiv=refresh content=0;url=https://evil.example/>",
  "<?xml-stylesheet href='https://evil.example/'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>&b;",
  "[click](javascript:alert(1))",
  "![x](https://evil.example/pixel.png)",
  "[a]: https://evil.example",
  "<https://evil.example>",
  "https://evil.example www.evil.example mail@evil.example",
  "@everyone @org/team #1 GH-1 :rocket: $x^2$ `$math$`",
  "`code` ``double`` ```triple```",
  "````text\n</details>\n````",
  "a | b \\| c \\\\| d \\",
  "| --- | --- |\n| x | y |",
  "# heading\n\n- item\n> quote\n\n---\n<hr>",
  "**bold** _em_ ~~gone~~ <u>u</u>",
  "::error title=forged::pwned",
  "x\n::stop-commands::token\ny\r::set-output name=a::b",
  "##[stop-commands]token ##[error]x ##vso[task.complete]y ##teamcity[z]",
  "%0A::error::x %25 %3A",
  "[[ATTACHMENT|/etc/passwd]] [[attachment|../../secret]]",
  "\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\ \u001bc\u001b(0",
  "\u009b31m\u009d0;title\u009c \u0090q\u009c \u0085 \u008d",
  "\u0000\u0001\u0008\u000b\u000c\u000e\u001f\u007f\u0080\u009f\ufffe\uffff\ufdd0",
  "line\rone\r\ntwo\u2028three\u2029four\ttab",
  "right\u202eleft\u2066isolate\u2069\u200f\u061c",
  "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+",
  'data:image/png;base64,AAAA" onerror="alert(1)',
  "javascript:alert(1)",
  "z\u0301\u0325\u0302\u0300\u0301 \u{1f469}\u200d\u{1f469}\u200d\u{1f467} \u5bbd\u5b57\u7b26",
  "__proto__",
  " ",
  "-",
  "\u00a0",
];

/** A run in which `text` stands wherever a stranger may put text. */
export function hostileRun(texts: readonly string[] = CORPUS): RunSummary {
  const at = "2024-01-01T00:00:00.000Z";
  const jobs = texts.map((text, index): Job => {
    const common = { durationMs: 1, logs: [{ at, message: text, meta: { [text]: text } }] };
    return {
      jobId: `job_${index}`,
      url: `https://shop.example/${text}`,
      region: index % 2 === 0 ? "eu" : "us",
      state: "completed",
      attempts: 1,
      startedAt: at,
      completedAt: at,
      durationMs: 5,
      results: [
        { ...common, name: text, reportedName: text, status: "pass", details: { [text]: text } },
        {
          ...common,
          name: `fail ${text}`,
          status: "fail",
          details: { screenshot: text, [text]: [text] },
          errorMessage: text,
        },
        {
          ...common,
          name: `error ${text}`,
          status: "error",
          errorMessage: text,
          errorSource: "runner",
        },
      ],
    };
  });
  return {
    runId: "run_hostile",
    mode: "remote",
    tags: texts.slice(0, 10).map((text) => text.slice(0, 64)),
    state: "completed",
    jobs,
    summary: {
      total: 3 * texts.length,
      passed: texts.length,
      failed: texts.length,
      errored: texts.length,
    },
    createdAt: at,
    completedAt: "2024-01-01T00:00:01.000Z",
    durationMs: 1_000,
  };
}
