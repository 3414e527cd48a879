import type { AttemptEvent, Event } from "../protocol/event.ts";
import { displayPath } from "../protocol/path.ts";
import { milliseconds } from "../run-log/print-tree.ts";
import { writeToStream } from "../runtime/write-to-stream.ts";
import type { Progress } from "./progress.ts";
import { stepOutput } from "./step-output.ts";
import { painter } from "./terminal.ts";

/** One line for each transition, and what steps print between them. */
export function progressLines(stream: NodeJS.WriteStream): Progress {
  const paint = painter(stream);
  const printed = stepOutput(stream, (text) => writeToStream(stream, text));
  return {
    update: (batch) => {
      for (const event of batch) {
        const line = transition(event, paint);
        if (line !== undefined) stream.write(`${line}\n`);
      }
    },
    output: printed.output,
    close: printed.close,
  };
}

/** The line of an event that changes a step's state; none for the others. */
function transition(event: Event, paint: ReturnType<typeof painter>): string | undefined {
  switch (event.kind) {
    case "run.created":
      return `run ${event.run}  ${event.data.pipeline}`;
    case "step.started":
      return `${nameOf(event)}  ${paint("running", "started")}`;
    case "warning":
      return `${nameOf(event)}  warning: ${event.data.message}`;
    case "control":
      return event.data.value === "fault"
        ? `${nameOf(event)}  ${paint("failed", "failed")}  ${event.data.message ?? ""}`
        : undefined;
    case "step.finished": {
      const { status, durationMs, message = "", retry } = event.data;
      const parts = [
        nameOf(event),
        paint(status, status),
        milliseconds(durationMs),
        message,
        retry ? "trying again" : "",
      ];
      return parts.filter((part) => part !== "").join("  ");
    }
    default:
      return undefined;
  }
}

function nameOf(event: AttemptEvent): string {
  return `${displayPath(event.path)}${event.attempt > 1 ? ` (attempt ${event.attempt})` : ""}`;
}
