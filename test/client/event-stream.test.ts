import { expect, test } from "bun:test";

import { EventParser, type ServerEvent } from "../../src/client/event-stream.ts";

const STREAM = [
  ": a heartbeat",
  "",
  "id: 1",
  "event: run.started",
  'data: {"totalJobs":2}',
  "",
  "data:two",
  "data: lines",
  "",
  "id",
  "event: nothing follows",
  "",
  "data",
  "",
  "unknown: field",
  "id: 7",
  "data:  x",
  "",
  "data: cut off",
];

const EVENTS: ServerEvent[] = [
  { id: "1", type: "run.started", data: '{"totalJobs":2}' },
  { id: "1", type: "message", data: "two\nlines" },
  { id: "", type: "message", data: "" },
  { id: "7", type: "message", data: " x" },
];

test.each(["\n", "\r\n", "\r"])("events are the same wherever the text is cut, with %j", (end) => {
  const text = STREAM.join(end);
  for (let size = 1; size <= text.length; size++) {
    const parser = new EventParser();
    const events: ServerEvent[] = [];
    for (let at = 0; at < text.length; at += size)
      events.push(...parser.add(text.slice(at, at + size)));
    expect(events).toEqual(EVENTS);
  }
});
