import { artifactsListed } from "../workflow/artifact-names.ts";
import type { Inputs } from "./action-inputs.ts";
import { annotate, type JobSession, type RunningStep } from "./job-session.ts";

/**
 * actions/download-artifact, versions 4 to 8: by name, which fails where there is none; by pattern, which does not.
 * Several artifacts get a folder each, unless they are merged.
 */
export async function playDownload(running: RunningStep, inputs: Inputs, session: JobSession): Promise<boolean> {
  const { artifacts } = session.simulation;
  const fail = (message: string): false => {
    annotate(session, { level: "error", message, step: running.name });
    return false;
  };
  for (const input of ["artifact-ids", "run-id", "repository", "github-token"])
    if ((inputs[input] ?? "") !== "") return fail(`download-artifact with ${input} cannot be simulated`);
  const folder = inputs.path ?? "";
  running.outputs["download-path"] = folder.startsWith("/") ? folder : `${session.host.workspace}/${folder}`;
  const name = inputs.name ?? "";
  if (name !== "") {
    if (!artifacts.has(name)) return fail(`Unable to download artifact(s): Artifact not found for name: ${name}`);
    await session.host.fetchArtifact(name, folder);
    return true;
  }
  const names = listed(artifacts.matching(inputs.pattern ?? ""), running, session);
  const merge = inputs["merge-multiple"]?.toLowerCase() === "true";
  for (const one of names) await session.host.fetchArtifact(one, merge ? folder : join(folder, one));
  return true;
}

/** The service lists the newest ones only, before the pattern is looked at. */
function listed(matching: readonly string[], running: RunningStep, session: JobSession): readonly string[] {
  const most = Number(running.env.ACTIONS_ARTIFACT_MAX_ARTIFACT_COUNT ?? artifactsListed) || artifactsListed;
  const all = session.simulation.artifacts.all();
  if (all.length <= most) return matching;
  annotate(session, {
    level: "warning",
    message: `The run has ${all.length} artifacts and only ${most} are listed; set ACTIONS_ARTIFACT_MAX_ARTIFACT_COUNT for more`,
    step: running.name,
  });
  const seen = new Set(all.slice(-most));
  return matching.filter((name) => seen.has(name));
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
