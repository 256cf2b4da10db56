/**
 * The baseline: what a script without an orchestrator does. A sliding window of fetches over the
 * same jobs, in a process of its own; nothing is kept. Prints milliseconds and CPU milliseconds.
 *
 * Arguments: endpoint base, concurrency, and the jobs' urls as a JSON array on stdin.
 */
const [base = "", concurrency = "1"] = process.argv.slice(2);
const urls = (await Bun.stdin.json()) as string[];

let next = 0;
let passed = 0;
const cpu = process.cpuUsage();
const began = performance.now();
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    for (let url = urls[next++]; url !== undefined; url = urls[next++]) {
      const response = await fetch(`${base}/execute`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          url,
          runners: [{ name: "t", input: { url } }],
          runId: "r",
          region: "eu",
        }),
      });
      const { results } = (await response.json()) as { results: { status: string }[] };
      if (results[0]?.status === "pass") passed++;
    }
  }),
);
const ms = performance.now() - began;
const { system, user } = process.cpuUsage(cpu);
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1_000, passed }));
