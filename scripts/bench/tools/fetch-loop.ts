/**
 * The baseline: what a script without an orchestrator does. A sliding window of fetches over the
 * same jobs; nothing is kept.
 */
import { type LoopQuestion, post, timed } from "./loop.ts";
import { answerQuestions } from "./tool.ts";

answerQuestions(({ base, concurrency, urls }: LoopQuestion) =>
  timed(async () => {
    let next = 0;
    let passed = 0;
    const lane = async (): Promise<void> => {
      for (let url = urls[next++]; url !== undefined; url = urls[next++]) {
        if (await post(base, url)) passed++;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    return passed;
  }),
);
