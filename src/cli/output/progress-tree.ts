import type { Event } from "../../protocol/event.ts";
import { foldRun } from "../../run-log/views/fold.ts";
import { printTree } from "../../run-log/views/print-tree.ts";
import { writeToStream } from "../../system/write-to-stream.ts";
import type { Progress } from "./progress-view.ts";
import { stepOutput } from "./step-output.ts";
import { painter } from "./terminal.ts";

/** Between two looks at whether to draw: at most 10 drawings a second. */
const tickMs = 100;
/** Drawn this often while nothing happens, so that times go on. */
const idleMs = 1000;
/** What steps print waits for the next drawing, which is one write then; more than this does not. Bytes. */
const mostWaiting = 32 * 1024;

/** The tree of steps, redrawn in place below what steps print. */
export function progressTree(stream: NodeJS.WriteStream): Progress {
  const events: Event[] = [];
  const paint = painter(stream);
  /** The tree as it was drawn last, and how many of its rows stand on the screen. */
  let tree: readonly string[] = [];
  let rows = 0;
  let dirty = true;
  let last = 0;
  let cost = 0;
  let waiting: Uint8Array[] = [];
  let bytes = 0;

  /** One write: takes the old tree away, then what steps printed, then the tree. */
  const show = (shown: readonly string[]): Promise<void> | void => {
    // From the first column: a terminal has shown ^C, if that was typed.
    const parts = [Buffer.from(rows > 0 ? `\r\u001b[${rows}A\u001b[0J` : ""), ...waiting];
    // Without wrapping: a row that is wider than it seems must not take two.
    if (shown.length > 0) parts.push(Buffer.from(`\u001b[?7l${shown.join("\n")}\u001b[?7h\n`));
    rows = shown.length;
    waiting = [];
    bytes = 0;
    return writeToStream(stream, Buffer.concat(parts));
  };
  const fold = (): void => {
    const start = performance.now();
    const view = { ...foldRun(events), finishedAt: new Date().toISOString() };
    tree = printTree(view, { paint, columns: sizeOf(stream).columns, most: 5, now: Date.now() }).split("\n");
    dirty = false;
    last = performance.now();
    cost = last - start;
  };
  const timer = setInterval(() => {
    const since = performance.now() - last;
    // Folding a long run takes a while: it never takes more than a tenth of the time.
    const due = events.length > 0 && since >= 10 * cost && (dirty || since >= idleMs);
    if (due) fold();
    if (due || bytes > 0) show(fitRows(tree, stream));
  }, tickMs).unref();
  const printed = stepOutput(stream, (text) => {
    waiting.push(text);
    bytes += text.length;
    return bytes > mostWaiting ? show([]) : undefined;
  });
  return {
    update: (batch) => {
      for (const event of batch) {
        events.push(event);
        if (event.kind === "step.finished") printed.finish(event.path);
      }
      dirty = true;
    },
    output: printed.output,
    say: (line) => {
      waiting.push(Buffer.from(`${line}\n`));
      show(fitRows(tree, stream));
    },
    close: () => {
      clearInterval(timer);
      printed.close();
      show([]);
    },
  };
}

/** The rows that a screen holds, cut to its width (colours do not count), the newest where there are too many. */
function fitRows(tree: readonly string[], stream: NodeJS.WriteStream): readonly string[] {
  const { rows, columns } = sizeOf(stream);
  const most = Math.max(3, rows - 2);
  const shown = tree.length <= most ? tree : [tree[0] ?? "", "  …", ...tree.slice(2 - most)];
  return shown.map((row) => cut(row, columns));
}

/** A terminal that does not know its size (of serial lines, of some CI systems) says 0. */
function sizeOf({ rows, columns }: NodeJS.WriteStream): { readonly rows: number; readonly columns: number } {
  return { rows: rows || 24, columns: columns || 80 };
}

function cut(row: string, columns: number): string {
  let width = 0;
  // A sequence of colour is one token of no width.
  return row.replace(/\u001b\[[0-9;]*m|[\s\S]/gu, (token) => (token.length > 2 || width++ < columns - 1 ? token : ""));
}
