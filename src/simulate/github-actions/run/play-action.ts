import type { SupportedAction } from "../workflow/supported-actions.ts";
import type { Inputs } from "./action-inputs.ts";
import type { JobSession, RunningStep } from "./job-session.ts";
import { playDownload } from "./play-download.ts";
import { playUpload } from "./play-upload.ts";

/** Plays one of the known actions; false: the step failed. */
export async function playAction(
  action: SupportedAction,
  running: RunningStep,
  given: { readonly [name: string]: string },
  session: JobSession,
): Promise<boolean> {
  const inputs = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value.trim()]));
  switch (action) {
    case "checkout":
      return checkout(running, inputs, session);
    case "upload-artifact":
      return playUpload(running, inputs, session);
    case "download-artifact":
      return playDownload(running, inputs, session);
    case "setup":
      return setUp(running, inputs, session);
    case "cache":
      session.simulation.warn("actions/cache is not simulated: nothing is ever found and nothing is saved");
      running.outputs["cache-hit"] = "";
      return true;
  }
}

async function checkout(running: RunningStep, inputs: Inputs, session: JobSession): Promise<boolean> {
  if ((inputs.repository ?? "") !== "" && inputs.repository !== session.simulation.github.repository)
    throw new Error(`actions/checkout of another repository cannot be simulated: ${inputs.repository}`);
  if ((inputs.ref ?? "") !== "")
    session.simulation.warn("actions/checkout: ref has no effect, the files in the folder are used");
  await session.host.checkout(inputs.path ?? "");
  running.outputs.ref = String(session.simulation.github.ref);
  running.outputs.commit = String(session.simulation.github.sha);
  return true;
}

function setUp(running: RunningStep, inputs: Inputs, session: JobSession): boolean {
  const { step, outputs } = running;
  const name = step.work.kind === "uses" && /setup-node/i.test(step.work.action) ? "node" : "python";
  session.simulation.warn(`actions/setup-${name} is not simulated: steps use the ${name} of this machine`);
  outputs[`${name}-version`] = inputs[`${name}-version`] ?? "";
  outputs["cache-hit"] = "false";
  return true;
}
