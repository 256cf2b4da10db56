/**
 * Server-sent events as a client reads them (HTML Living Standard, 9.2.6), cut anywhere.
 */
export interface ServerEvent {
  readonly id?: string;
  readonly type: string;
  readonly data: string;
}

export class EventParser {
  #rest = "";
  #id: string | undefined;
  #type = "";
  #data: string[] = [];

  /** The events that this piece of text completes. */
  add(text: string): ServerEvent[] {
    // A carriage return at the end may be the first half of a line end.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const [data, type] = [this.#data, this.#type || "message"];
    this.#data = [];
    this.#type = "";
    if (data.length === 0) return undefined;
    return { ...(this.#id === undefined ? {} : { id: this.#id }), type, data: data.join("\n") };
  }
}
