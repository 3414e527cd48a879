/**
 * Target `shell`: one POSIX script, in which each graph is a function that moves its token.
 *
 * Runs under dash, bash, busybox sh, posh, yash and mksh; needs magnus-shim and nothing else.
 */
import * as z from "zod";
import { everyStep, shimCommands } from "../../src/target/capabilities.ts";
import type { Target } from "../../src/target/target.ts";
import { printScript } from "./script.ts";

const options = z.strictObject({});

const target: Target<z.infer<typeof options>> = {
  name: "shell",
  description: "one POSIX script",
  options,
  capabilities: { steps: everyStep, commands: shimCommands },
  emit: (plan, context) => [
    { path: `${plan.pipeline.name}.sh`, content: printScript(plan, context), executable: true },
  ],
};

export default target;
