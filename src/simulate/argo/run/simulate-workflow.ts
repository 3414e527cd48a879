/**
 * Argo Workflows' controller, as far as magnus's manifests use it. In: a Workflow, and a host that runs pods. Out: how
 * it ends, its nodes, and whether it would hang. A state machine: it looks at the workflow when it starts and whenever
 * pods have ended, as the controller does.
 */
import { checkReferences } from "../check/check-references.ts";
import type { PodHost } from "../pods/pod.ts";
import type { Workflow, WorkflowSpec } from "../workflow/workflow.ts";
import { workflowGlobals } from "../workflow/workflow-globals.ts";
import { hasFailed, isFulfilled, type Node, type NodeType, type Phase } from "./node.ts";
import { podOf } from "./pod-of-node.ts";
import { problemOfSpec } from "./problem-of-spec.ts";
import { runExit, runHooks } from "./run-hooks.ts";
import { runTemplate } from "./run-template.ts";
import { shutDown } from "./shut-down.ts";
import { silentSuccesses } from "./silent-successes.ts";
import { type Executed, endPod, type Simulation } from "./simulation.ts";
import { statusGuard } from "./status-size.ts";

export interface WorkflowHost {
  readonly startPod: PodHost;
  /** Waits of the controller: backoff, suspension. Milliseconds; they are over at once where this is left out. */
  readonly wait?: (milliseconds: number) => Promise<void>;
  /** Called when a node is made and when its phase changes. */
  readonly observe?: (node: SimulatedNode) => void;
}

export interface SimulationOptions {
  /** The workflow's name; the usual one is `generateName` and `simulated`. */
  readonly name?: string;
  /** Values over those of the manifest, as `argo submit -p`. */
  readonly parameters?: { readonly [name: string]: string };
  /** `argo stop`: ends all pods, then runs the exit handler; the workflow ends as Failed. */
  readonly signal?: AbortSignal;
}

export interface SimulatedNode {
  /** Below the workflow, as `.train(0:oslo).fit`; `/` is the workflow itself. */
  readonly name: string;
  readonly type: NodeType;
  readonly phase: Phase;
  readonly message: string;
  readonly inputs: { readonly [parameter: string]: string };
  readonly outputs: { readonly [parameter: string]: string };
}

export interface WorkflowEnd {
  /** `Running` where it hangs. */
  readonly phase: Phase;
  readonly message: string;
  readonly nodes: readonly SimulatedNode[];
  /** Pods started. */
  readonly pods: number;
  /** Why it never ends, one line for each task that waits; empty where it ended. */
  readonly hangs: readonly string[];
  /** What ends otherwise than it looks. */
  readonly warnings: readonly string[];
}

/** Throws an UnsupportedError where an expression has something that is not simulated. */
export async function simulateWorkflow(
  workflow: Workflow,
  host: WorkflowHost,
  options: SimulationOptions = {},
): Promise<WorkflowEnd> {
  const [problem] = checkReferences(workflow);
  if (problem !== undefined) return { ...nothing, phase: "Failed", message: `invalid spec: ${problem.message}` };
  const run = startRun(workflow, host, options);
  const unreadable = problemOfSpec(run.simulation);
  if (unreadable !== undefined) return { ...endOf(run), phase: "Running", message: "", hangs: [unreadable] };
  for (;;) {
    const end = reconcileAll(run);
    if (end !== undefined) return { ...endOf(run), ...end, ...(run.closing ? { message: stopped } : {}) };
    if (run.abort.signal.aborted && run.pending === 0) {
      if (run.closing) return { ...endOf(run), phase: "Failed", message: stopped, hangs: [] };
      run.closing = true;
      shutDown(run.simulation);
      continue;
    }
    if (run.pending === 0) return { ...endOf(run), phase: "Running", message: "", hangs: hangsOf(run) };
    await run.nextEvents();
  }
}

const stopped = "Stopped with strategy 'Stop'";
const nothing = { nodes: [], pods: 0, hangs: [], warnings: [] };

interface Run {
  readonly simulation: Simulation;
  readonly abort: AbortController;
  /** It was stopped, and its pods have ended: only the exit handler runs now. */
  closing: boolean;
  /** Why the controller can keep the workflow's state no more. */
  readonly tooLarge: () => string | undefined;
  /** Pods and timers that have not ended. */
  pending: number;
  /** Ends, what ended, in order. */
  readonly nextEvents: () => Promise<void>;
}

function startRun(workflow: Workflow, host: WorkflowHost, options: SimulationOptions): Run {
  const { metadata } = workflow;
  const name = options.name ?? metadata.name ?? `${metadata.generateName ?? "workflow-"}simulated`;
  const globals = workflowGlobals(workflow, name, options.parameters ?? {});
  const spec = withParameters(workflow.spec, globals);
  const abort = new AbortController();
  options.signal?.addEventListener("abort", () => abort.abort(), { once: true });
  if (options.signal?.aborted) abort.abort();
  const events: (() => void)[] = [];
  let wake = (): void => {};
  let defect: { readonly error: unknown } | undefined;
  const after = (promise: Promise<() => void>): void => {
    run.pending++;
    promise
      .then(
        (event) => void events.push(event),
        (error: unknown) => {
          defect = { error };
        },
      )
      .finally(() => {
        run.pending--;
        wake();
      });
  };
  const simulation: Simulation = {
    workflow: name,
    spec,
    templates: new Map(spec.templates.map((template) => [template.name, template])),
    nodes: new Map(),
    globals,
    waiting: new Map(),
    warnings: new Set(),
    activePods: 0,
    podsStarted: 0,
    changed: false,
    startPod: (node, processed) => {
      const pod = podOf(simulation, node, processed, run.closing ? new AbortController().signal : abort.signal);
      simulation.podsStarted++;
      after(host.startPod(pod).then((end) => () => endPod(simulation, node, processed, end)));
    },
    later: (milliseconds, then) => after((host.wait?.(milliseconds) ?? Promise.resolve()).then(() => then)),
    runTemplate,
    observe: (node) => host.observe?.(shown(simulation, node)),
  };
  const run: Run = {
    simulation,
    abort,
    closing: false,
    tooLarge: statusGuard(simulation),
    pending: 0,
    nextEvents: async () => {
      if (events.length === 0 && defect === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      // What ends at the same time is seen in one reconciliation.
      await new Promise((resolve) => setImmediate(resolve));
      if (defect !== undefined) throw defect.error;
      for (const event of events.splice(0)) event();
    },
  };
  return run;
}

/** Parameters as they are given, and what tags outside of the templates mean. */
function withParameters(spec: WorkflowSpec, globals: ReadonlyMap<string, string>): WorkflowSpec {
  const parameters = spec.arguments?.parameters?.map((parameter) => {
    const value = globals.get(`workflow.parameters.${parameter.name}`);
    return value === undefined ? parameter : { ...parameter, value };
  });
  return parameters === undefined ? spec : { ...spec, arguments: { ...spec.arguments, parameters } };
}

type Ending = Pick<WorkflowEnd, "phase" | "message" | "hangs">;

/** Reconciles until nothing changes any more: what one pass did may be what another waited for. */
function reconcileAll(run: Run): Ending | undefined {
  const { simulation } = run;
  do {
    simulation.changed = false;
    const end = run.abort.signal.aborted && !run.closing ? undefined : reconcile(simulation);
    const tooLarge = run.tooLarge();
    if (tooLarge !== undefined) return { phase: "Error", message: tooLarge, hangs: [] };
    if (end !== undefined) return end;
  } while (simulation.changed);
  return undefined;
}

const phases: { readonly [phase in Phase]: Phase } = {
  Pending: "Pending",
  Running: "Running",
  Succeeded: "Succeeded",
  Skipped: "Succeeded",
  Omitted: "Succeeded",
  Failed: "Failed",
  Error: "Error",
};

function reconcile(simulation: Simulation): Ending | undefined {
  const { spec, workflow, globals } = simulation;
  globals.set("workflow.status", "Running");
  const entry = simulation.runTemplate(simulation, {
    name: workflow,
    template: spec.entrypoint,
    arguments: spec.arguments?.parameters ?? [],
    boundary: undefined,
    task: "",
    taskKind: "steps",
  });
  if (entry.failure !== undefined && entry.failure.kind !== "limit") return entryFailed(simulation, entry);
  const root = entry.node;
  if (root === undefined) return undefined;
  const phase = phases[root.phase];
  globals.set("workflow.status", phase);
  // Who runs is seldom who asks: a list of all failures at each pass would be quadratic.
  if (isFulfilled(root)) globals.set("workflow.failures", JSON.stringify(failuresOf(simulation)));
  if (!runHooks(simulation, root) || !isFulfilled(root)) return undefined;
  const exit = spec.onExit === undefined ? undefined : runExit(simulation, spec.onExit);
  if (exit === undefined) return spec.onExit === undefined ? { phase, message: root.message, hangs: [] } : undefined;
  const own = phase === "Succeeded" && hasFailed(exit) ? exit : root;
  return { phase: own === exit ? exit.phase : phase, message: own.message, hangs: [] };
}

/** The controller gives up at once: no hook runs. */
function entryFailed({ spec, warnings }: Simulation, { failure }: Executed): Ending {
  if (spec.hooks !== undefined || spec.onExit !== undefined)
    warnings.add("the entry point itself is an Error, so that no hook runs");
  return { phase: "Error", message: `error in entry template execution: ${failure?.message ?? ""}`, hangs: [] };
}

function failuresOf(simulation: Simulation): readonly object[] {
  return [...simulation.nodes.values()]
    .filter(hasFailed)
    .map(({ name, phase, message }) => ({ displayName: name, phase, message }));
}

function endOf({ simulation }: Run): Pick<WorkflowEnd, "nodes" | "pods" | "warnings"> {
  return {
    nodes: [...simulation.nodes.values()].map((node) => shown(simulation, node)),
    pods: simulation.podsStarted,
    warnings: [...simulation.warnings, ...silentSuccesses(simulation)],
  };
}

function shown({ workflow }: Simulation, node: Node): SimulatedNode {
  const { name, type, phase, message, inputs, outputs } = node;
  return {
    name: name.slice(workflow.length) || "/",
    type,
    phase,
    message,
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs?.parameters ?? []),
  };
}

/** Tasks that wait, and dags that none of their nodes ends. */
function hangsOf({ simulation }: Run): readonly string[] {
  const { nodes, waiting, workflow } = simulation;
  const told = [...waiting].map(([name, why]) => `${name.slice(workflow.length) || "/"} ${why}`);
  if (told.length > 0) return told;
  const running = [...nodes.values()]
    .filter((node) => !isFulfilled(node))
    .map(({ name }) => name.slice(workflow.length) || "/");
  return [`${running.join(", ")} stays Running: its last tasks are not reached from what has ended`];
}
