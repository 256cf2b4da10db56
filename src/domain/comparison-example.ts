/** A comparison as the API's document shows it: a consent banner, three regions. */
import type { Comparison } from "./comparison.ts";

const overseas = { regions: ["ap-southeast-1", "us-east-1"], cells: 2 };
const europe = { regions: ["eu-west-1"], cells: 1 };

export const COMPARISON_EXAMPLE: Comparison = {
  runId: "run_abc123",
  mode: "remote",
  state: "completed",
  policy: "all",
  ignore: ["details.timestamp"],
  summary: {
    total: 3,
    passed: 1,
    failed: 2,
    errored: 0,
    expected: 2,
    unexpected: 1,
    verdict: "unexpected",
  },
  rows: [
    {
      runner: "cookieBannerTest",
      url: "https://example.com",
      verdict: "unexpected",
      cells: [
        {
          region: "ap-southeast-1",
          expected: "pass",
          status: "fail",
          verdict: "unexpected",
          durationMs: 2684,
          change: "new-failure",
          curl: `curl -sS -X POST "$ENDPOINT/execute" -H 'content-type: application/json' --data-raw '{"url":"https://example.com","runners":[{"name":"cookieBannerTest","input":{"url":"https://example.com"}}],"runId":"run_abc123","region":"ap-southeast-1"}'`,
          rerun:
            "volley run --rerun run_abc123 --cell 'cookieBannerTest ap-southeast-1 https://example.com'",
        },
        {
          region: "eu-west-1",
          expected: "pass",
          status: "pass",
          verdict: "expected",
          durationMs: 1998,
          change: "same",
        },
        {
          region: "us-east-1",
          expected: "fail",
          status: "fail",
          verdict: "expected",
          durationMs: 1924,
          change: "same",
        },
      ],
      differences: [
        {
          path: "status",
          answers: [
            { value: "fail", ...overseas },
            { value: "pass", ...europe },
          ],
        },
        {
          path: "details.visible",
          answers: [
            { value: false, ...overseas },
            { value: true, ...europe },
          ],
        },
      ],
    },
  ],
  regions: ["ap-southeast-1", "eu-west-1", "us-east-1"],
  red: 1,
  causes: [
    {
      cause: "cookieBannerTest answered fail",
      status: "fail",
      cells: 1,
      regions: ["ap-southeast-1"],
      where: "ap-southeast-1",
      runners: ["cookieBannerTest"],
    },
  ],
  changes: { "new-failure": 1, "still-failing": 0, fixed: 0, flaky: 0, same: 2, unknown: 0 },
};
