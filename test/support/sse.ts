/**
 * Server-sent events as a client reads them (HTML Living Standard, 9.2.6), but strictly: a line
 * that no server of ours may send is an error.
 */
export interface ServerEvent {
  readonly id?: string;
  readonly type: string;
  readonly data: string;
}

/** Events and comments from text as it arrives, cut anywhere. */
export class EventParser {
  /** Comments so far. */
  comments = 0;
  #rest = "";
  #fields = new Map<string, string>();

  /** The events that the text completes. */
  add(text: string): ServerEvent[] {
    // A carriage return at the end may be half a line end.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  /** Whether nothing of an event is waiting for its end. */
  get atRest(): boolean {
    return this.#rest === "" && this.#fields.size === 0;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) {
      this.comments++;
      return undefined;
    }
    const [, name = "", value = ""] = /^(id|event|data|retry): (.*)$/su.exec(line) ?? [];
    if (name === "") throw new Error(`Not a line of an event stream: ${line.slice(0, 100)}`);
    if (this.#fields.has(name)) throw new Error(`A field twice: ${line.slice(0, 100)}`);
    this.#fields.set(name, value);
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const { data, event = "message", id } = Object.fromEntries(this.#fields);
    this.#fields = new Map();
    if (data === undefined) return undefined;
    return { ...(id === undefined ? {} : { id }), type: event, data };
  }
}

/** The events of one answer, one after the other. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #parser = new EventParser();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #ready: ServerEvent[] = [];

  /** Throws unless the answer is an event stream. */
  constructor(response: Response) {
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200 || !/^text\/event-stream\b/.test(type) || !response.body) {
      throw new Error(`Not an event stream: ${response.status} ${type}`);
    }
    this.#reader = response.body.getReader();
  }

  get comments(): number {
    return this.#parser.comments;
  }

  /** The next event; undefined at the end. Rejects if the stream ends within an event. */
  async next(): Promise<ServerEvent | undefined> {
    while (this.#ready.length === 0) {
      if (!(await this.more())) return undefined;
    }
    return this.#ready.shift();
  }

  /** Reads one piece; false at the end. */
  async more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) {
      if (!this.#parser.atRest) throw new Error("The stream ends within an event.");
      return false;
    }
    this.#ready.push(...this.#parser.add(this.#decoder.decode(value, { stream: true })));
    return true;
  }

  /** All events up to the end, or up to the first for which `last` holds, with that one. */
  async rest(last: (event: ServerEvent) => boolean = () => false): Promise<ServerEvent[]> {
    const events: ServerEvent[] = [];
    for (let event = await this.next(); event; event = await this.next()) {
      events.push(event);
      if (last(event)) break;
    }
    return events;
  }

  /** Leaves, as a client does that has seen enough. */
  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** The ids of events, as numbers. */
export function idsOf(events: readonly ServerEvent[]): number[] {
  return events.map(({ id }) => Number(id));
}
