/**
 * Target `shell`: one POSIX script, in which each graph is a function that moves its token.
 *
 * Runs under dash, bash, busybox sh, posh, yash and mksh; needs magnus-shim and nothing else.
 */
import * as z from "zod";
import { everyStep, shimCommands } from "../../src/target/capabilities.ts";
import type { Target } from "../../src/target/target.ts";
import { oneLine } from "./quote.ts";
import { lowerScript, printScript, type Script } from "./script.ts";

const options = z.strictObject({});

const target: Target<z.infer<typeof options>, Script> = {
  name: "shell",
  description: "one POSIX script",
  options,
  capabilities: { steps: everyStep, commands: shimCommands },
  lower: lowerScript,
  print: (script, context) => [
    { path: `${script.plan.pipeline.name}.sh`, content: printScript(script, context), executable: true },
  ],
  paths: /\.sh$/,
  header: ({ source, version }) =>
    `Compiled by magnus ${version} from ${oneLine(source)}; change that file and compile again.`,
};

export default target;
