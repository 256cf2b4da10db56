/** HTML as a browser's parser reads it, for tests that look for what must not be in it. */
import { type DefaultTreeAdapterTypes, parse, type ParserError } from "parse5";

export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** All text inside. */
  readonly text: string;
  /** Text directly inside. */
  readonly own: string;
  /** Tags from the root to this one. */
  readonly path: readonly string[];
}

export interface ParsedPage {
  readonly elements: readonly Element[];
  /** What the standard calls parse errors. */
  readonly errors: readonly string[];
  readonly comments: number;
}

type Node = DefaultTreeAdapterTypes.Node;

export function parsedPage(html: string): ParsedPage {
  const errors: string[] = [];
  const onParseError = ({ code, startLine }: ParserError) =>
    void errors.push(`${startLine}: ${code}`);
  const elements: Element[] = [];
  let comments = 0;
  const walk = (node: Node, path: readonly string[]): string => {
    if (node.nodeName === "#comment") comments++;
    if ("value" in node) return node.value;
    if (!("childNodes" in node)) return "";
    const here = "tagName" in node ? [...path, node.tagName] : path;
    const text = node.childNodes.map((child) => walk(child, here)).join("");
    if ("tagName" in node) {
      const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]));
      const own = node.childNodes.map((child) => ("value" in child ? child.value : "")).join("");
      elements.push({ tag: node.tagName, attributes, text, own, path: here });
    }
    return text;
  };
  walk(parse(html, { onParseError }), []);
  return { elements, errors, comments };
}
