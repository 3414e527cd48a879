import type { AttemptEvent, Event } from "../../protocol/event.ts";
import { printJson } from "../../protocol/json.ts";
import { displayPath, type Parameters } from "../../protocol/path.ts";
import { measuredTime } from "../../system/duration.ts";
import { shorten } from "../../system/shorten.ts";
import { visible } from "../../system/visible.ts";
import { writeToStream } from "../../system/write-to-stream.ts";
import type { Progress } from "./progress-view.ts";
import { stepOutput } from "./step-output.ts";
import { painter } from "./terminal.ts";

type Paint = ReturnType<typeof painter>;

/** One line for each transition, and what steps print between them; verbose: commands, files, parameters as well. */
export function progressLines(stream: NodeJS.WriteStream, verbose = false): Progress {
  const paint = painter(stream);
  const printed = stepOutput(stream, (text) => writeToStream(stream, text));
  return {
    update: (batch) => {
      for (const event of batch) {
        if (event.kind === "step.finished") printed.finish(event.path);
        const lines = [transition(event, paint), ...(verbose ? detailsOf(event) : [])];
        for (const line of lines) if (line !== undefined) stream.write(`${line}\n`);
      }
    },
    output: printed.output,
    say: (line) => void stream.write(`${line}\n`),
    close: printed.close,
  };
}

/** The line of an event that changes a step's state; none for the others. */
function transition(event: Event, paint: Paint): string | undefined {
  switch (event.kind) {
    case "run.created":
      return `run ${event.run}  ${event.data.pipeline}`;
    case "step.started":
      return `${nameOf(event)}  ${paint("running", "started")}`;
    case "warning":
      return `${nameOf(event)}  warning: ${visible(event.data.message)}`;
    case "control":
      return event.data.value === "fault"
        ? `${nameOf(event)}  ${paint("failed", "failed")}  ${visible(event.data.message ?? "")}`
        : undefined;
    case "step.finished": {
      const { status, durationMs, message = "", retry } = event.data;
      const parts = [
        nameOf(event),
        paint(status, status),
        measuredTime(durationMs),
        visible(message),
        retry ? "trying again" : "",
      ];
      return parts.filter((part) => part !== "").join("  ");
    }
    default:
      return undefined;
  }
}

function detailsOf(event: Event): readonly string[] {
  switch (event.kind) {
    case "run.created":
      return printParameters("run", event.data.parameters);
    case "step.started":
      return (event.data.command ?? "").split("\n").map((line) => `${nameOf(event)}  $ ${visible(line)}`);
    case "catalog.get":
      return event.data.files.map(({ name }) => `${nameOf(event)}  got ${visible(name)}`);
    case "catalog.put":
      return event.data.files.map(({ name }) => `${nameOf(event)}  put ${visible(name)}`);
    case "step.finished":
      return printParameters(nameOf(event), event.data.delta ?? {});
    default:
      return [];
  }
}

function printParameters(name: string, parameters: Parameters): readonly string[] {
  return Object.entries(parameters).map(([key, value]) => `${name}  set ${key}=${shorten(printJson(value), 200)}`);
}

function nameOf(event: AttemptEvent): string {
  return `${visible(displayPath(event.path))}${event.attempt > 1 ? ` (attempt ${event.attempt})` : ""}`;
}
