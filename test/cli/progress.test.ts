/** The live tree, seen on a terminal that only remembers what is written to it. */
import { Writable } from "node:stream";
import { expect, test, vi } from "vitest";
import { progressTree } from "../../src/cli/output/progress-tree.ts";
import { stepOutput } from "../../src/cli/output/step-output.ts";
import type { Event, EventBody } from "../../src/protocol/event.ts";
import type { Path } from "../../src/protocol/path.ts";

const path = stepAt("a step with a name that is too long for this screen");
const head = { path, attempt: 1, round: 1 } as const;
const started: EventBody = { kind: "step.started", ...head, data: { command: "true" } };
const finished: EventBody = { kind: "step.finished", ...head, data: { status: "success", durationMs: 5 } };

test("at most ten drawings a second, each one write and no wider than the screen", () => {
  vi.useFakeTimers();
  try {
    const terminal = openTerminal(40, 10);
    const progress = progressTree(terminal.stream);
    progress.update(eventsOf([created, started]));
    for (let i = 0; i < 200; i++) {
      progress.output(path, "stdout", Buffer.from(`line ${i}\n`));
      vi.advanceTimersByTime(10);
    }
    progress.update(eventsOf([finished]));
    progress.close();
    const drawings = terminal.writes.filter((text) => text.includes("run r"));
    expect(drawings.length).toBeGreaterThanOrEqual(10);
    expect(drawings.length).toBeLessThanOrEqual(20);
    for (const drawing of drawings) {
      const tree = /\u001b\[\?7l([\s\S]*)\u001b\[\?7h/.exec(drawing)?.[1] ?? "";
      for (const row of tree.split("\n")) expect(row.length, row).toBeLessThan(40);
      expect(tree).toMatch(/running/);
    }
    // What is taken away is what was drawn, so nothing of a step's output is lost or doubled.
    const lines = terminal.text().match(/line \d+/g);
    expect(lines).toEqual(Array.from({ length: 200 }, (_, i) => `line ${i}`));
  } finally {
    vi.useRealTimers();
  }
});

test("a line that a step began is printed when it ends, one without end in parts", () => {
  const written: string[] = [];
  const terminal = openTerminal(80, 24);
  const printed = stepOutput(terminal.stream, (text) => void written.push(Buffer.from(text).toString()));
  printed.output(stepAt("a"), "stdout", Buffer.from("par"));
  printed.output(stepAt("b"), "stdout", Buffer.from("whole\nrest"));
  printed.output(stepAt("a"), "stdout", Buffer.from("tial"));
  printed.finish(stepAt("a"));
  expect(written).toEqual(["b | whole\n", "a | partial\n"]);
  for (let i = 0; i < 10; i++) printed.output(stepAt("c"), "stderr", Buffer.alloc(20_000, "x"));
  printed.close();
  expect(written.join("").match(/x/g)?.length).toBe(200_000);
  expect(written.slice(2).length).toBeGreaterThan(2);
  expect(written).toContain("b | rest\n");
});

function stepAt(node: string): Path {
  const ok = { end: "success", name: "success" } as const;
  return [{ node, start: true, ok, failed: { end: "fail", name: "fail" } }];
}

const created: EventBody = {
  kind: "run.created",
  data: { pipeline: "demo", digest: "0", parameters: {}, target: "local", version: "0" },
};

let seq = 0;

function eventsOf(bodies: readonly EventBody[]): readonly Event[] {
  return bodies.map((body) => {
    seq++;
    const time = new Date().toISOString();
    return { v: 1, id: `${seq}`, run: "r", writer: "w", seq, time, ...body };
  });
}

interface Terminal {
  readonly stream: NodeJS.WriteStream;
  readonly writes: string[];
  /** Everything that was ever written and not taken away by moving up and clearing. */
  text(): string;
}

function openTerminal(columns: number, rows: number): Terminal {
  const writes: string[] = [];
  const sink = new Writable({
    write: (chunk, _, done) => {
      writes.push(String(chunk));
      done();
    },
  });
  const stream = Object.assign(sink, { columns, rows, isTTY: false });
  const text = (): string => {
    const lines: string[] = [];
    for (const part of writes.join("").split("\n")) {
      const up = /^\r\u001b\[(\d+)A\u001b\[0J/.exec(part);
      if (up !== null) lines.length -= Number(up[1]);
      lines.push(part.slice(up?.[0].length ?? 0));
    }
    return lines.join("\n");
  };
  return { stream: stream as unknown as NodeJS.WriteStream, writes, text };
}
