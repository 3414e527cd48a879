/**
 * A run as magnus-core 0.5 kept it (magnus/datastore.py: RunLog, StepLog, BranchLog, StepAttempt, DataCatalog), for
 * tools that read those files. Terminals are steps there, names are dotted, a map's branches are called by their item.
 */
import type { CatalogFile, RunCreated } from "../../protocol/event.ts";
import { type Json, type JsonObject, printJson, setKey } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { NodeStatus } from "../replay/node-status.ts";
import { magnusDuration, magnusTime } from "./magnus-time.ts";
import type { AttemptView, GraphView, RunView, StepView } from "./view.ts";

export function exportMagnus(view: RunView): Json {
  const { created } = view;
  const context: Context = { run: view.run, identities: codeIdentities(created?.code) };
  return {
    run_id: view.run,
    dag_hash: created?.digest ?? "",
    use_cached: created?.retryOf !== undefined,
    tag: created?.tag ?? "",
    original_run_id: created?.retryOf ?? "",
    status: statusWord(view.status),
    steps: exportSteps(view, { prefix: "", visible: created?.parameters ?? {}, items: {} }, context),
    parameters: view.parameters,
    run_config: created === undefined ? {} : { executor: { service_name: created.target, service_type: "executor" } },
  };
}

interface Context {
  readonly run: string;
  readonly identities: Json;
}

/** Where a graph stands, and what its next step sees. */
interface Around {
  /** With its closing dot. */
  readonly prefix: string;
  readonly visible: Parameters;
  /** They hide parameters of the same name. */
  readonly items: Parameters;
}

function exportSteps({ steps, end }: Pick<GraphView, "steps" | "end">, around: Around, context: Context): JsonObject {
  const exported: Record<string, Json> = {};
  let { visible } = around;
  for (const step of steps) {
    const name = step.path.at(-1)?.node ?? "";
    setKey(exported, around.prefix + name, exportStep(step, { ...around, visible }, context));
    if (Object.keys(step.delta).length > 0) visible = { ...visible, ...step.delta };
  }
  if (end !== undefined) {
    const log = stepLog(end.name, around.prefix, end.end, context);
    const attempt = attemptLog(1, "success", { ...visible, ...around.items });
    setKey(exported, around.prefix + end.name, { ...log, status: "SUCCESS", attempts: [attempt] });
  }
  return exported;
}

function exportStep(step: StepView, around: Around, context: Context): JsonObject {
  const name = step.path.at(-1)?.node ?? "";
  const last = step.attempts.at(-1);
  const visible = { ...around.visible, ...around.items };
  return {
    ...stepLog(name, around.prefix, step.kind, context),
    status: statusWord(step.status),
    message: last?.message ?? step.control?.message ?? "",
    attempts: step.attempts.map((attempt, i) => exportAttempt(attempt, i + 1, visible)),
    user_defined_metrics: exportMetrics(last),
    branches: exportBranches(step, { ...around, prefix: `${around.prefix}${name}.` }, context),
    data_catalog: [
      ...exportFiles(last?.got ?? [], "get", context.run),
      ...(step.graphs.length > 0 ? [] : exportFiles(step.files, "put", context.run)),
    ],
  };
}

function stepLog(name: string, prefix: string, type: string, { identities }: Context): JsonObject {
  return {
    name,
    internal_name: prefix + name,
    status: "PROCESSING",
    step_type: type,
    message: "",
    mock: false,
    code_identities: identities,
    attempts: [],
    user_defined_metrics: {},
    branches: {},
    data_catalog: [],
  };
}

function exportBranches(step: StepView, around: Around, context: Context): JsonObject {
  const branches: Record<string, Json> = {};
  const name = step.path.at(-1)?.as;
  let { visible } = around;
  for (const graph of step.graphs) {
    const internalName = around.prefix + branchName(graph, around.prefix, branches);
    const value = graph.item ?? (graph.index === undefined ? undefined : graph.index);
    const items = name === undefined || value === undefined ? around.items : { ...around.items, [name]: value };
    const steps = exportSteps(graph, { prefix: `${internalName}.`, visible, items }, context);
    setKey(branches, internalName, { internal_name: internalName, status: statusWord(graph.status), steps });
    // Iterations see one another, items and branches do not.
    if (step.kind === "loop") for (const { delta } of graph.steps) visible = { ...visible, ...delta };
  }
  return branches;
}

/** `dag` for a nested pipeline's only graph (magnus/defaults.py: DAG_BRANCH_NAME). Equal items are told apart by index. */
function branchName({ branch, index, item }: GraphView, prefix: string, taken: JsonObject): string {
  if (branch !== undefined) return branch;
  if (index === undefined) return "dag";
  if (item === undefined) return `${index}`;
  const name = pythonText(item);
  return Object.hasOwn(taken, prefix + name) ? `${name}#${index}` : name;
}

/** What Python's str() gives for scalars; JSON for the rest. */
function pythonText(item: Json): string {
  if (typeof item === "string") return item;
  if (typeof item === "boolean") return item ? "True" : "False";
  return item === null ? "None" : printJson(item, { style: "python" });
}

function exportAttempt(attempt: AttemptView, number: number, visible: Parameters): JsonObject {
  const { startedAt, durationMs = 0, message = "" } = attempt;
  return {
    ...attemptLog(number, attempt.status, visible),
    message,
    ...(startedAt === undefined
      ? {}
      : {
          start_time: magnusTime(Date.parse(startedAt)),
          end_time: magnusTime(Date.parse(startedAt) + durationMs),
          duration: magnusDuration(durationMs),
        }),
  };
}

function attemptLog(number: number, status: NodeStatus, parameters: Parameters): JsonObject {
  return {
    attempt_number: number,
    start_time: "",
    end_time: "",
    duration: "",
    status: statusWord(status),
    message: "",
    parameters,
  };
}

function exportMetrics(attempt: AttemptView | undefined): JsonObject {
  const exported: Record<string, Json> = {};
  for (const { metrics, step } of attempt?.metrics ?? []) {
    for (const [key, value] of Object.entries(metrics)) {
      setKey(exported, step === undefined ? key : `${key}_STEP_${step}`, value);
    }
  }
  return exported;
}

function exportFiles(files: readonly CatalogFile[], stage: "get" | "put", run: string): readonly JsonObject[] {
  return files.map(({ name, digest }) => ({
    name,
    data_hash: digest.replace(/^sha256:/, ""),
    catalog_relative_path: stage === "put" ? `${run}/${name}` : name,
    catalog_handler_location: "",
    stage,
  }));
}

function codeIdentities(code: RunCreated["data"]["code"]): readonly JsonObject[] {
  const identity = (identifier: string, type: string, dependable: boolean): JsonObject => ({
    code_identifier: identifier,
    code_identifier_type: type,
    code_identifier_dependable: dependable,
    code_identifier_url: "",
    code_identifier_message: "",
  });
  return [
    ...(code?.commit === undefined ? [] : [identity(code.commit, "git", code.dirty !== true)]),
    ...(code?.image === undefined ? [] : [identity(code.image, "docker", true)]),
  ];
}

function statusWord(status: NodeStatus): string {
  switch (status) {
    case "success":
      return "SUCCESS";
    case "running":
      return "PROCESSING";
    case "failed":
    case "cancelled":
    case "lost":
      return "FAIL";
  }
}
