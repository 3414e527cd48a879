import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Metrics } from "../protocol/group-metrics.ts";
import type { EventWriter } from "../run-log/record/write-events.ts";
import type { Head, MetricsFollower } from "../runtime/attempt/step-run.ts";
import type { Redactor } from "../runtime/masking/redactor.ts";
import { findLeak } from "../runtime/taken/find-leak.ts";
import { readAnswer } from "../runtime/taken/output-file.ts";
import { asRecorded } from "../runtime/taken/outputs.ts";

/** Milliseconds between two looks. */
const interval = 2000;

/**
 * Looks into the file every two seconds, beside the task: nothing waits for it, and what goes wrong only ends it, since the
 * end of the attempt records all that is not recorded by then. A line that has a secret is left to that end, too.
 */
export function followMetrics(file: string, head: Head, writer: EventWriter, redactor: Redactor): MetricsFollower {
  let bytes = 0;
  let recorded = 0;
  let over = false;
  const seen = createHash("sha256");
  let looking: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    const lines = await linesFrom(file, bytes);
    const metrics = lines.toString("utf8").split("\n").flatMap(metricsOf);
    const recordable = metrics.map(asRecorded);
    if (findLeak({ delta: {}, metrics: recordable, files: [] }, redactor) !== undefined) return end();
    if (recordable.length > 0)
      await writer.write(...recordable.map((data) => ({ kind: "metric", ...head, data }) as const));
    bytes += lines.length;
    seen.update(lines);
    recorded += metrics.length;
  };
  const end = (): void => {
    over = true;
    clearInterval(timer);
  };
  let busy = false;
  const timer = setInterval(() => {
    if (busy || over) return;
    busy = true;
    looking = look()
      .catch(end)
      .finally(() => {
        busy = false;
      });
  }, interval);
  timer.unref();

  return {
    stop: async () => {
      end();
      await looking;
      if (recorded === 0) return 0;
      // A task that began its file anew has other lines there now.
      const now = await linesFrom(file, 0, bytes).catch(() => Buffer.alloc(0));
      return createHash("sha256").update(now).digest("hex") === seen.digest("hex") ? recorded : 0;
    },
  };
}

function metricsOf(line: string): readonly Metrics[] {
  if (line.trim() === "") return [];
  const answer = readAnswer(line);
  return typeof answer === "string" ? [] : answer.metrics;
}

/** The whole lines of a file from a place on; none where there is no file. */
async function linesFrom(file: string, from: number, to = Number.POSITIVE_INFINITY): Promise<Buffer> {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const { size } = await handle.stat();
    const content = Buffer.alloc(Math.max(0, Math.min(size, to) - from));
    const { bytesRead } = await handle.read(content, 0, content.length, from);
    const read = content.subarray(0, bytesRead);
    return read.subarray(0, read.lastIndexOf("\n") + 1);
  } finally {
    await handle.close();
  }
}
