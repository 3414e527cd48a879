/**
 * Phase: the shim, the program that compiled files start for every leaf. In: argv, environment, the run log. Out: events,
 * an exit code and, for the platform, a control. See docs/shim.md for the contract.
 */

import path from "node:path";
import { exitCode } from "../protocol/exit-codes.ts";
import { protocolVersion } from "../protocol/step-spec.ts";
import { version } from "../protocol/version.ts";
import { errorCode } from "../system/error-code.ts";
import { beginRun } from "./begin-run.ts";
import { giveVerdict } from "./give-verdict.ts";
import { mergeRuns } from "./merge-runs.ts";
import { runLeaf } from "./run-leaf.ts";
import { showRun } from "./show-run.ts";
import { tellFailure } from "./tell-failure.ts";
import { UsageError } from "./usage-error.ts";

const usage = `magnus-shim ${version}: runs one step of a compiled pipeline and records it

  magnus-shim begin --target NAME --spec JSON [-- --param name=value ...]
                                        creates the run, prints its id
  magnus-shim run --spec JSON [--at JSON] [--param name=value ...]
                                        runs one leaf (gather: the same)
  magnus-shim verdict [--spec JSON] [--cancelled]
                                        closes the run, prints it, exits by its outcome
  magnus-shim show [DIR]                prints the run's log so far as JSON; the services' folders are below DIR
  magnus-shim merge DIR...              joins run-log folders in the configured store
  magnus-shim install DIR               copies itself and its Node there, for any Linux image
  magnus-shim version                   prints its versions

  JSON may be @FILE, or @- for standard input. The run is MAGNUS_RUN_ID, the services are MAGNUS_SERVICES.
  Exit codes: the step's own; 64 bad spec, 65 inputs not staged, 70 defect, 74 run log.
`;

async function main(argv: readonly string[]): Promise<number> {
  const [verb, ...rest] = argv;
  switch (verb) {
    case "begin":
      ignoreStops();
      return beginRun(rest);
    case "run":
    case "gather":
      return runLeaf(rest, [process.execPath, process.argv[1] ?? "", "show", process.cwd()]);
    case "verdict":
      ignoreStops();
      return giveVerdict(rest);
    case "show":
      return showRun(rest);
    case "merge":
      return mergeRuns(rest);
    case "install":
      return (await installer()).install(rest);
    case "version":
    case "--version":
      process.stdout.write(`magnus-shim ${version} (protocol ${protocolVersion})\n`);
      return exitCode.success;
    case "help":
    case "--help":
    case "-h":
      process.stdout.write(usage);
      return exitCode.success;
    default:
      throw new UsageError(`${verb === undefined ? "no verb" : `unknown verb "${verb}"`}; see magnus-shim --help`);
  }
}

/** No step needs it: a bundle of its own. */
function installer() {
  return import("./install.ts").catch((error: unknown) => {
    if (!/MODULE_NOT_FOUND$/.test(errorCode(error) ?? "")) throw error;
    throw new UsageError("install: no install.cjs beside the shim: it was copied alone", exitCode.failed);
  });
}

/** Creating and closing a run are short, and done whole or not at all; who is to stop, stops after them. */
function ignoreStops(): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
}

/** Installed, Node was started by its loader and takes that for itself; beside it is a program that is Node. */
function nameOwnNode(): void {
  const { execPath } = process;
  if (path.basename(execPath) === "ld.so") process.execPath = path.join(path.dirname(execPath), "../node");
}

// A reader that went away must not end a step, nor change its code. (A step's own output: write-to-stream.ts. Only to look
// at a stream makes it.)
process.stderr.on("error", () => {});
if (process.argv[2] !== "run") process.stdout.on("error", () => {});
process.on("uncaughtException", (error) => {
  tellFailure(error);
  process.exit();
});
nameOwnNode();
main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
}, tellFailure);
