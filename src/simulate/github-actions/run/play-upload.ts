import { artifactsPerJob, invalidFilePath } from "../workflow/artifact-names.ts";
import type { Inputs } from "./action-inputs.ts";
import { annotate, type JobSession, type RunningStep } from "./job-session.ts";

/** actions/upload-artifact, versions 4 to 7, as in its src/upload/upload-artifact.ts. */
export async function playUpload(running: RunningStep, inputs: Inputs, session: JobSession): Promise<boolean> {
  const fail = (message: string): false => {
    annotate(session, { level: "error", message, step: running.name });
    return false;
  };
  const path = inputs.path ?? "";
  if (path === "") return fail("Input required and not supplied: path");
  const missing = inputs["if-no-files-found"] || "warn";
  if (!["warn", "error", "ignore"].includes(missing))
    return fail(`Unrecognized if-no-files-found input. Provided: ${missing}. Available options: warn,error,ignore`);
  const patterns = path.split("\n").map((line) => line.trim());
  const hidden = isTrue(inputs["include-hidden-files"]);
  const found = await session.host.findFiles(
    patterns.filter((line) => line !== ""),
    hidden,
  );
  if (found.files.length === 0) {
    const message = `No files were found with the provided path: ${path}. No artifacts will be uploaded.`;
    if (missing === "error") return fail(message);
    if (missing === "warn") annotate(session, { level: "warning", message, step: running.name });
    return true;
  }
  const archive = inputs.archive === undefined || inputs.archive === "" || isTrue(inputs.archive);
  if (!archive && found.files.length > 1)
    return fail(
      `When 'archive' is set to false, only a single file can be uploaded. Found ${found.files.length} files to upload.`,
    );
  const invalid = found.files.map(invalidFilePath).find((message) => message !== undefined);
  if (invalid !== undefined) return fail(invalid);
  return store(running, archive ? inputs.name || "artifact" : (found.files[0] ?? ""), found, inputs, session, fail);
}

async function store(
  running: RunningStep,
  name: string,
  found: Parameters<JobSession["host"]["storeArtifact"]>[1],
  inputs: Inputs,
  session: JobSession,
  fail: (message: string) => false,
): Promise<boolean> {
  const { artifacts } = session.simulation;
  const overwrite = isTrue(inputs.overwrite);
  if (session.artifacts >= artifactsPerJob) return fail(`A job can have at most ${artifactsPerJob} artifacts`);
  const existed = artifacts.has(name);
  const refused = artifacts.reserve(name, overwrite);
  if (refused !== undefined) return fail(refused);
  session.artifacts++;
  if (existed) await session.host.deleteArtifact(name);
  await session.host.storeArtifact(name, found);
  const id = String(artifacts.all().length);
  const { github } = session.simulation;
  running.outputs["artifact-id"] = id;
  running.outputs["artifact-url"] =
    `${github.server_url}/${github.repository}/actions/runs/${github.run_id}/artifacts/${id}`;
  return true;
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === "true";
}
