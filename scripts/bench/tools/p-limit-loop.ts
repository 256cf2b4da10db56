/** The other baseline: the same jobs by the script that most people write, p-limit and fetch. */
import pLimit from "p-limit";

import { type LoopQuestion, post, timed } from "./loop.ts";
import { answerQuestions } from "./tool.ts";

answerQuestions(({ base, concurrency, urls }: LoopQuestion) =>
  timed(async () => {
    const limit = pLimit(concurrency);
    const passed = await Promise.all(urls.map((url) => limit(() => post(base, url))));
    return passed.filter(Boolean).length;
  }),
);
