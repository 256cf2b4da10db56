/** Texts of errors: what several of them have in common. */

const MAX_TEXT = 300;

/** Codes of systems that a runner or a page may meet; any other word may begin with an E, too. */
const SYSTEM_CODES =
  "EACCES|EADDRINUSE|EADDRNOTAVAIL|EAI_[A-Z]+|EAGAIN|EBADF|EBUSY|ECONNABORTED|ECONNREFUSED|ECONNRESET|EEXIST|EHOSTDOWN|EHOSTUNREACH|EINVAL|EISDIR|EMFILE|EMSGSIZE|ENETDOWN|ENETUNREACH|ENFILE|ENODATA|ENOENT|ENOMEM|ENOSPC|ENOTCONN|ENOTDIR|ENOTEMPTY|ENOTFOUND|EPERM|EPIPE|EPROTO|EROFS|ESERVFAIL|ETIMEDOUT|ETIMEOUT";
const CODE = new RegExp(`\\b(?:ERR_[A-Z0-9_]{2,}|NS_ERROR_[A-Z0-9_]+|${SYSTEM_CODES})\\b`);

/** What names a cause by itself, as browsers and systems write it. */
export function codeIn(text: string): string | undefined {
  return CODE.exec(text)?.[0];
}

/** In order: what is replaced first must not be taken apart by what follows. */
const PARTICULARS: readonly (readonly [RegExp, string])[] = [
  [/\u001b\[[0-9;]*m/g, ""],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>)\]]+/gi, "<url>"],
  [/"[^"\n]{0,500}"|`[^`\n]{0,500}`|(?<![\w])'[^'\n]{0,500}'(?!\w)/g, "<value>"],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, "<time>"],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, "<time>"],
  [/\b(?:[a-z]+_)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b/gi, "<id>"],
  [/\b0x[0-9a-f]+\b/gi, "<id>"],
  [/(?<![\w<])-?\d+(?:[.,]\d+)*(?=(?:ms|s|px|kB|KB|MB|%)?(?![\w]))/g, "<n>"],
  [/\s+/g, " "],
];

/**
 * An error's text without what is particular to one occurrence: urls, quoted values, times, ids
 * and numbers.
 */
export function normalisedError(message: string): string {
  let text = message.slice(0, 8 * MAX_TEXT);
  for (const [pattern, replacement] of PARTICULARS) text = text.replace(pattern, replacement);
  return clippedText(text.trim());
}

/** At most 300 characters, the last an ellipsis where some were left out. */
export function clippedText(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…` : text;
}
