/** The style of the HTML report, and the policy that allows this style and nothing else. */
import PALETTE from "../palette.css" with { type: "text" };

/** Follows the reader's light or dark; every pair of colours has at least the contrast 4.5. */
export const STYLE = `
${PALETTE}* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; }
p { margin: .5rem 0; }
code, pre { font: .875em/1.5 ui-monospace, monospace; unicode-bidi: isolate; overflow-wrap: anywhere; }
pre { margin: .5rem 0; padding: .75rem; background: var(--raised); border: 1px solid var(--line);
  border-radius: .375rem; white-space: pre-wrap; }
a { color: inherit; }
a:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 2px solid var(--open); outline-offset: 2px; }
small, .soft { color: var(--soft); font-size: .875rem; }
.url { color: var(--soft); overflow-wrap: anywhere; unicode-bidi: isolate; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.counts li { padding: .125rem .625rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--raised); }
.pass { color: var(--pass); background: var(--pass-back); }
.fail { color: var(--fail); background: var(--fail-back); }
.error { color: var(--error); background: var(--error-back); }
.running, .queued { color: var(--open); background: var(--open-back); }
.counts .pass, .counts .fail, .counts .error { border-color: currentColor; }
dl { display: flex; flex-wrap: wrap; gap: .125rem 1.5rem; margin: .5rem 0; }
dl > div { display: flex; gap: .5rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.note { padding: .5rem .75rem; border-left: .25rem solid var(--open); background: var(--open-back); }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: .375rem; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { padding: .5rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  border-right: 1px solid var(--line); white-space: nowrap; font-weight: 400; }
tr > :last-child { border-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: var(--raised); font-weight: 600; }
th[scope=row] { min-width: 11rem; max-width: 26rem; white-space: normal; }
th[scope=row] b, th[scope=row] .url { display: block; overflow-wrap: anywhere; }
td small { display: block; color: inherit; }
.mark { font-weight: 600; white-space: nowrap; }
.causes { margin: 0; padding: 0; list-style: none; }
.causes li { padding: .625rem .75rem; border: 1px solid var(--line); border-left: .25rem solid var(--error);
  border-radius: .375rem; margin: .5rem 0; overflow-wrap: anywhere; }
.spans { margin: 0; padding: 0; list-style: none; }
.spans li { display: grid; grid-template-columns: minmax(8rem, 2fr) 5fr 6.5rem; gap: 0 1rem; align-items: center;
  padding: .25rem 0; border-bottom: 1px solid var(--line); }
.spans .time { text-align: right; white-space: nowrap; }
svg { display: block; width: 100%; height: .75rem; background: var(--raised); border-radius: .1875rem; }
rect.pass { fill: var(--pass); } rect.fail { fill: var(--fail); } rect.error { fill: var(--error); }
details { border: 1px solid var(--line); border-radius: .375rem; margin: .5rem 0; }
summary { padding: .5rem .75rem; cursor: pointer; overflow-wrap: anywhere; }
summary .mark { padding: .0625rem .5rem; border-radius: 1rem; }
.inside { padding: 0 .75rem .75rem; scroll-margin-top: 4rem; }
.inside h3 { font-size: .875rem; margin: .75rem 0 .25rem; }
.inside > p.said { font-weight: 600; white-space: pre-wrap; overflow-wrap: anywhere; }
figure { margin: .5rem 0; } figcaption { color: var(--soft); font-size: .875rem; }
img { max-width: 100%; height: auto; border: 1px solid var(--line); }
@media (max-width: 40rem) { .spans li { grid-template-columns: 1fr 6.5rem; } .spans svg { grid-column: 1 / -1; grid-row: 2; }
  th, td { padding: .375rem .5rem; } th[scope=row] { min-width: 10.5rem; max-width: 12rem; } }
@media print { body { max-width: none; padding: 0; } .wide { overflow: visible; } th, td { white-space: normal; }
  details::details-content { content-visibility: visible; display: block; } details, tr, li, figure { break-inside: avoid; }
  * { print-color-adjust: exact; } }
`;

/** The policy of the document itself; nothing in it may load, run, submit or be styled otherwise. */
export function contentPolicy(): string {
  const hash = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");
  return `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
}
