import type { CatalogFile, Event, EventBody } from "../../src/protocol/event.ts";
import type { Edge, Parameters, Path, PathElement } from "../../src/protocol/path.ts";

/** Edges in short: a name, `success`, `fail`. */
export function edge(to: string): Edge {
  return to === "success" || to === "fail" ? { end: to, name: to } : { to };
}

/** An element in short: `element("fit", "report", "fail", {start: true})`. */
export function element(node: string, ok = "success", failed = "fail", rest: Partial<PathElement> = {}): PathElement {
  return { node, ok: edge(ok), failed: edge(failed), ...rest };
}

/** A log that is written line by line. */
export interface LogSketch {
  readonly events: readonly Event[];
  add(...bodies: EventBody[]): void;
  /** Started and finished. */
  step(path: Path, data?: Outcome): void;
}

export interface Outcome {
  readonly status?: "success" | "failed" | "cancelled";
  readonly delta?: Parameters;
  readonly put?: readonly CatalogFile[];
  readonly attempt?: number;
  readonly round?: number;
  readonly gather?: "open" | "close";
  readonly control?: string;
  readonly retry?: true;
  readonly exitCode?: number;
}

export function sketchLog(parameters: Parameters = {}): LogSketch {
  const events: Event[] = [];
  const add = (...bodies: EventBody[]): void => {
    for (const body of bodies) {
      const n = events.length + 1;
      const time = new Date(Date.UTC(2026, 10, 23, 6, 40) + n * 1000).toISOString();
      events.push({ v: 1, id: `e${String(n).padStart(7, "0")}`, run: "run-1", writer: "w", seq: n, time, ...body });
    }
  };
  const step = (path: Path, outcome: Outcome = {}): void => {
    const { status = "success", delta = {}, put, attempt = 1, round = 1, gather, control, retry, exitCode } = outcome;
    const head = { path, attempt, round, ...(gather === undefined ? {} : { gather }) };
    add({ ...head, kind: "step.started", data: {} });
    if (put !== undefined) add({ ...head, kind: "catalog.put", data: { files: put } });
    const more = {
      ...(control === undefined ? {} : { control }),
      ...(retry === undefined ? {} : { retry }),
      ...(exitCode === undefined ? {} : { exitCode }),
    };
    add({ ...head, kind: "step.finished", data: { status, durationMs: 812, delta, ...more } });
  };
  const data = { pipeline: "p", digest: "d", parameters, target: "local", version: "0.1.0" };
  add({ kind: "run.created", data });
  return { events, add, step };
}

export function control(path: Path, value: string, round = 1): EventBody {
  return { kind: "control", path, attempt: 1, round, data: { value } };
}

export function file(name: string, digest: string): CatalogFile {
  return { name, digest: `sha256:${digest}`, size: 1 };
}
