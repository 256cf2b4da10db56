/**
 * A question whose answer lasts for a while: it is asked anew only by whoever comes later, and those
 * who come while it is asked are told the same. A failure does not last.
 *
 * `ms`: how long, on `monotonic`. What is known is told at once, without a promise.
 */
export function lastingAnswer<Answer>(
  ask: () => Promise<Answer>,
  ms: number,
  monotonic: () => number,
): () => Answer | Promise<Answer> {
  let known: { answer: Answer | Promise<Answer>; readonly at: number } | undefined;
  return () => {
    const at = monotonic();
    if (known && at - known.at < ms) return known.answer;
    const asking = ask();
    const asked = (known = { answer: asking as Answer | Promise<Answer>, at });
    asking.then(
      (answer) => (asked.answer = answer),
      () => {
        if (known === asked) known = undefined;
      },
    );
    return asking;
  };
}
