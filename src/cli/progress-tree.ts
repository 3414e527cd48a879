import type { Event } from "../protocol/event.ts";
import { foldRun } from "../run-log/fold.ts";
import { printTree } from "../run-log/print-tree.ts";
import { writeToStream } from "../runtime/write-to-stream.ts";
import type { Progress } from "./progress.ts";
import { stepOutput } from "./step-output.ts";
import { painter } from "./terminal.ts";

/** Between two looks at whether to draw: at most 10 drawings a second. */
const tickMs = 100;
/** Drawn this often while nothing happens, so that times go on. */
const idleMs = 1000;

/** The tree of steps, redrawn in place below what steps print. */
export function progressTree(stream: NodeJS.WriteStream): Progress {
  const events: Event[] = [];
  const paint = painter(stream);
  let rows = 0;
  let dirty = true;
  let last = 0;
  let cost = 0;
  const clear = (): void => {
    if (rows > 0) stream.write(`\u001b[${rows}A\u001b[0J`);
    rows = 0;
  };
  const draw = (): void => {
    const start = performance.now();
    const view = foldRun(events);
    const tree = printTree(
      { ...view, finishedAt: new Date().toISOString() },
      { paint, most: 5, now: Date.now() },
    ).split("\n");
    const shown = fitRows(tree, stream);
    clear();
    stream.write(`${shown.join("\n")}\n`);
    rows = shown.length;
    dirty = false;
    last = performance.now();
    cost = last - start;
  };
  const timer = setInterval(() => {
    const since = performance.now() - last;
    // Folding a long run takes a while: drawing never takes more than a tenth of the time.
    if (events.length > 0 && since >= 10 * cost && (dirty || since >= idleMs)) draw();
  }, tickMs).unref();
  const printed = stepOutput(stream, (text) => {
    clear();
    dirty = true;
    return writeToStream(stream, text);
  });
  return {
    update: (batch) => {
      for (const event of batch) events.push(event);
      dirty = true;
    },
    output: printed.output,
    close: () => {
      clearInterval(timer);
      printed.close();
      clear();
    },
  };
}

/** The rows that a screen holds, cut to its width (colours do not count), the newest where there are too many. */
function fitRows(tree: readonly string[], { rows, columns }: NodeJS.WriteStream): readonly string[] {
  const most = Math.max(3, rows - 2);
  const shown = tree.length <= most ? tree : [tree[0] ?? "", "  …", ...tree.slice(2 - most)];
  return shown.map((row) => cut(row, columns));
}

function cut(row: string, columns: number): string {
  let width = 0;
  // A sequence of colour is one token of no width.
  return row.replace(/\u001b\[[0-9;]*m|[\s\S]/gu, (token) => (token.length > 2 || width++ < columns - 1 ? token : ""));
}
