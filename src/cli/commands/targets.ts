import * as z from "zod";
import { exitCode } from "../../protocol/exit-codes.ts";
import { loadTargets } from "../input/load-target.ts";

/** `magnus targets`: names, what each can run, its options. */
export async function targets({ json }: { readonly json?: boolean }): Promise<number> {
  const all = (await loadTargets()).map(({ name, description, capabilities, options }) => ({
    ...{ name, description, ...capabilities },
    options: z.toJSONSchema(options, { io: "input" }),
  }));
  if (json) process.stdout.write(`${JSON.stringify({ targets: all })}\n`);
  else for (const target of all) process.stdout.write(printTarget(target));
  return exitCode.success;
}

function printTarget(target: {
  readonly name: string;
  readonly description: string;
  readonly steps: readonly string[];
  readonly commands: readonly string[];
  readonly options: object;
}): string {
  const options = "properties" in target.options ? Object.keys(target.options.properties ?? {}) : [];
  return `${target.name}: ${target.description}
  steps     ${target.steps.join(", ")}
  commands  ${target.commands.join(", ")}
  options   ${options.length === 0 ? "none" : options.join(", ")}
`;
}
