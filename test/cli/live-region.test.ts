/** A region redrawn in place, on a terminal emulator that wraps what gets too narrow. */
import { expect, test } from "bun:test";

import { Terminal } from "@xterm/headless";

import { LiveRegion } from "../../src/cli/terminal/live-region.ts";
import { random } from "../support/random.ts";

const FOREWORD = ["$ volley run", "some text of before"];

async function screenOf(terminal: Terminal): Promise<string[]> {
  await new Promise<void>((resolve) => terminal.write("", resolve));
  const { active } = terminal.buffer;
  const lines = Array.from(
    { length: active.length },
    (_, index) => active.getLine(index)?.translateToString(true).trimEnd() ?? "",
  );
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}

test("what was there before stays, and of pictures only the last, whatever their size", async () => {
  const seed = random.seed();
  const { integer } = random(seed);
  for (let round = 0; round < 50; round++) {
    const terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
    const output = {
      get columns() {
        return terminal.cols;
      },
      write: (text: string) => terminal.write(text),
    };
    terminal.write(FOREWORD.map((line) => `${line}\r\n`).join(""));
    const region = new LiveRegion(output);
    let picture: string[] = [];
    for (let drawing = 0; drawing < 20; drawing++) {
      picture = Array.from(
        { length: integer(1, 9) },
        (_, line) => `${drawing}.${line} ${"日x".repeat(integer(0, 25))}`,
      ).map((line) => Bun.sliceAnsi(line, 0, terminal.cols - 1));
      region.draw(picture);
      await screenOf(terminal);
      // Half of the width: each line wraps into two at the most, and all stay on the screen.
      if (integer(0, 3) === 0) terminal.resize(integer(40, 100), 24);
    }
    region.draw(picture.map((line) => Bun.sliceAnsi(line, 0, terminal.cols - 1)));
    const shown = picture.map((line) => Bun.sliceAnsi(line, 0, terminal.cols - 1).trimEnd());
    expect({ seed, round, screen: await screenOf(terminal) }).toEqual({
      seed,
      round,
      screen: [...FOREWORD, ...shown],
    });
    region.clear();
    terminal.write("after\r\n");
    expect(await screenOf(terminal)).toEqual([...FOREWORD, "after"]);
    terminal.dispose();
  }
});

test("a picture is one write, which a terminal shows at once", () => {
  const writes: string[] = [];
  const region = new LiveRegion({ columns: 80, write: (text) => void writes.push(text) });
  region.draw(["one", "two"]);
  region.draw(["three"]);
  expect(writes).toEqual([
    "\u001b[?2026h\rone\u001b[K\r\ntwo\u001b[K\u001b[J\r\u001b[?2026l",
    "\u001b[?2026h\r\u001b[1Athree\u001b[K\u001b[J\r\u001b[?2026l",
  ]);
});

test("taking it away erases no whole screen, which tmux would keep in the scrollback", () => {
  const writes: string[] = [];
  const region = new LiveRegion({ columns: 80, write: (text) => void writes.push(text) });
  region.draw(["one", "two"]);
  region.clear();
  // The first row of the region may be the first of the screen: only that row, then those below.
  expect(writes[1]).toBe("\r\u001b[1A\u001b[K\r\n\u001b[J\u001b[A");
});

test("what is forgotten stays, and the next picture stands below", async () => {
  const terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  const region = new LiveRegion({ columns: 80, write: (text) => terminal.write(text) });
  region.draw(["old"]);
  terminal.write("\r\n[1]+  Stopped\r\n");
  region.forget();
  region.draw(["new", "picture"]);
  region.draw(["newer"]);
  expect(await screenOf(terminal)).toEqual(["old", "[1]+  Stopped", "newer"]);
  terminal.dispose();
});
