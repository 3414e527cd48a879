/** A target that lists the calls of the shim, one line a step: what a folder has to hold to be a target, and no more. */
import { spawnSync } from "node:child_process";
import * as z from "zod";
import { planNodes } from "../../../../src/plan/plan.ts";
import { verdictSpec } from "../../../../src/plan/verdict-spec.ts";
import { printSpec } from "../../../../src/protocol/spec-text.ts";
import type { Simulate } from "../../../../src/target/simulator.ts";
import type { Target } from "../../../../src/target/target.ts";

const options = z.strictObject({
  vault: z.string().optional().describe("where secrets are"),
  numbered: z.stringbool().or(z.boolean()).default(false).describe("whether lines are numbered"),
});

interface Listing {
  readonly name: string;
  readonly calls: readonly string[];
}

const most = 3;

const target: Target<z.infer<typeof options>, Listing> = {
  name: "steps",
  description: "a list of steps",
  options,
  capabilities: { steps: ["task", "stub"], commands: ["shell"] },
  lower({ pipeline, root, ...plan }, { places }, sink) {
    const leaves = [...planNodes(root)].filter((node) => node.kind === "leaf");
    const [tooMany] = leaves.slice(most);
    if (tooMany !== undefined) {
      const what = `${leaves.length} steps, of at most ${most}`;
      sink.report("target-limit", { target: "steps", what, hint: "use fewer", span: places.of(tooMany.node) });
      return undefined;
    }
    const verdict = `verdict ${printSpec(verdictSpec({ pipeline, root, ...plan }))}`;
    return { name: pipeline.name, calls: [...leaves.map(({ step }) => `run ${printSpec(step)}`), verdict] };
  },
  print({ name, calls }, { header, options: { numbered } }) {
    const lines = calls.map((call, i) => `${numbered ? `${i + 1}. ` : ""}${call}\n`);
    return [{ path: `lists/${name}.steps`, content: `# ${header}\n${lines.join("")}` }];
  },
  secretRemedy: (_, { vault }) => (vault === undefined ? "set `targets.steps.vault`" : undefined),
  flags: [{ flags: "--numbered", description: "number the lines", option: "numbered" }],
  keep: ({ content }, onDisk) => content + (/^# note: .*\n/m.exec(onDisk)?.[0] ?? ""),
  simulator: {
    recognises: (text) => /^(?:\d+\. )?run \{/m.test(text),
    flags: [{ flags: "--run-id <ID>", description: "the run's name" }],
    load: async () => simulate,
  },
};

const simulate: Simulate = async ({ text }, { parameters, flags }, { shim, say }) => {
  const env = { ...process.env, MAGNUS_RUN_ID: flags["run-id"]?.[0] ?? "simulated", MAGNUS_TARGET: "steps" };
  const given = parameters.flatMap((pair) => {
    const at = pair.indexOf("=") + 1;
    return ["--param-base64", pair.slice(0, at) + Buffer.from(pair.slice(at)).toString("base64")];
  });
  let code = 0;
  for (const [, verb = "", spec = ""] of text.matchAll(/^(?:\d+\. )?(run|verdict) (.*)$/gm)) {
    if (code !== 0 && verb === "run") continue;
    const { status } = spawnSync(process.execPath, [shim, verb, "--spec", spec, ...given], { env, stdio: "inherit" });
    code = status ?? 1;
    say(`${verb} ended with ${code}`);
  }
  return code;
};

export default target;
