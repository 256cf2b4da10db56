/** Globs over names: `*` stands for any characters, also none, `?` for one; nothing else is special. */

/** Whether the whole text fits. Takes at most `glob.length * text.length` steps. */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let next = 0;
  /** The last `*` seen, and how far the text was then: where to go on when the rest does not fit. */
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (glob[next] === "*") {
      star = next++;
      resume = at;
    } else if (next < glob.length && (glob[next] === "?" || glob[next] === text[at])) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else return false;
  }
  while (glob[next] === "*") next++;
  return next === glob.length;
}
