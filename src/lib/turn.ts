/** Turns of the event loop. */

/** Resolves once everything that has waited has had its turn: for loops that would hold up others. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * The question asked at most once a turn: whoever asks after the first is told the same, at once if
 * it is known by then, until all that had come in has had its turn.
 */
export function oncePerTurn<Answer>(ask: () => Promise<Answer>): () => Answer | Promise<Answer> {
  let asked: { answer: Answer | Promise<Answer> } | undefined;
  return () => {
    if (asked) return asked.answer;
    const asking = ask();
    const turn = (asked = { answer: asking as Answer | Promise<Answer> });
    setImmediate(() => (asked = undefined));
    asking.then(
      (answer) => (turn.answer = answer),
      () => {},
    );
    return asking;
  };
}
