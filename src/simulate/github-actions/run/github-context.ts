import { isSequence } from "@actions/workflow-parser";
import type { Value, ValueObject } from "../expressions/expression-data.ts";
import { field, fields, textOf } from "../workflow/read-fields.ts";
import type { WorkflowFile } from "../workflow/workflow-file.ts";

/** The context `github` of a run, made up where only GitHub would know; what belongs to a job comes later. */
export function githubContext(
  workflow: WorkflowFile,
  inputs: ValueObject,
  event: string,
  given: ValueObject,
): ValueObject {
  const repository = String(given.repository ?? "local/project");
  const ref = String(given.ref ?? "refs/heads/main");
  const owner = repository.split("/")[0] ?? "";
  const server = "https://github.com";
  const sha = "0".repeat(40);
  return {
    actor: owner,
    actor_id: "1",
    api_url: "https://api.github.com",
    base_ref: "",
    event: payload(workflow, inputs, event, repository, ref),
    // What is called as by another workflow has that one's event.
    event_name: event === "workflow_call" ? "workflow_dispatch" : event,
    graphql_url: "https://api.github.com/graphql",
    head_ref: "",
    ref,
    ref_name: ref.replace(/^refs\/(heads|tags)\//, ""),
    ref_protected: false,
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    repository,
    repository_id: "1",
    repository_owner: owner,
    repository_owner_id: "1",
    retention_days: "90",
    run_attempt: "1",
    run_id: "1",
    run_number: "1",
    secret_source: "Actions",
    server_url: server,
    sha,
    token: "simulated-github-token",
    triggering_actor: owner,
    workflow: workflow.name,
    workflow_ref: `${repository}/${event === "workflow_call" ? callerPath : workflow.path}@${ref}`,
    workflow_sha: sha,
    ...given,
  };
}

/** What calls the workflow is made up, too. */
const callerPath = ".github/workflows/caller.yml";

function payload(workflow: WorkflowFile, inputs: ValueObject, event: string, repository: string, ref: string): Value {
  const [owner, name] = repository.split("/");
  const common = { repository: { full_name: repository, name: name ?? "", owner: { login: owner ?? "" } }, ref };
  // The payload has texts where the context `inputs` has booleans and numbers.
  if (event === "workflow_dispatch")
    return {
      ...common,
      inputs: Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, String(value)])),
      workflow: workflow.path,
    };
  return event === "schedule" ? { ...common, schedule: firstSchedule(workflow) } : common;
}

function firstSchedule(workflow: WorkflowFile): string {
  const schedules = workflow.events.get("schedule");
  if (schedules === undefined || !isSequence(schedules)) return "";
  for (const entry of schedules) if (fields(entry).length > 0) return textOf(field(entry, "cron")) ?? "";
  return "";
}
