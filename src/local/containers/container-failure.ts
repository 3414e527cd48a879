/** What is recorded of a step whose shim could not: one line that says why, and what to do where that is known. */
import path from "node:path";
import type { Ended } from "../../runtime/attempt/spawn.ts";
import type { ContainerSettings } from "./step-container.ts";

/** `said`: what was printed on standard error before the step began; empty where it began. */
export function containerFailure(ended: Ended, said: string, { engine, image }: ContainerSettings): string {
  if (ended.kind === "cannot-start") return ended.message;
  const name = path.basename(engine);
  if (ended.signal !== undefined) return `${name} was killed by ${ended.signal}`;
  const { exitCode } = ended;
  const reason = reasonIn(said) ?? `exit code ${exitCode}`;
  // Of `run`: 125 where the engine fails, 126 and 127 where the command cannot be started.
  if (exitCode === 125)
    return `${name} could not run a container of ${image}: ${reason}${isMissingImage.test(said) ? "; build or pull the image, or name another" : ""}`;
  if (exitCode === 126 || exitCode === 127) {
    return `${name} could not start the shim in a container of ${image}: ${reason}; where the engine runs on another machine, name a \`shim_image\``;
  }
  return `its container ended before the step did: ${reason}`;
}

const isMissingImage =
  /unable to find image|no such image|image not known|pull access denied|manifest unknown|initializing source|short-name/i;

/** What an engine says went wrong, on one line: its last line that speaks of an error, else the last one. */
export function reasonIn(said: string): string | undefined {
  const lines = said
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(see|run) '.*--help'/i.test(line));
  const line = lines.findLast((each) => /\berror\b/i.test(each)) ?? lines.at(-1);
  return line
    ?.replace(/^docker: /, "")
    .replace(/^Error( response from daemon)?: /, "")
    .replace(/\.$/, "");
}
