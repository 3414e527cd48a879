import type { PlanComposite, PlanGraph, PlanNode } from "../../../src/plan/plan-node.ts";
import { pathKey } from "../../../src/protocol/path.ts";
import type { WorkflowFile, WorkflowJob } from "../../../src/simulate/github-actions/workflow/workflow-file.ts";
import type { CompiledWorkflows } from "./compile-github-actions.ts";
import { bodyKey, closeKey, leafKey, openKey } from "./token-model.ts";

/** A file and the graph that it runs. */
export interface Place {
  readonly workflow: WorkflowFile;
  readonly graph: PlanGraph;
  /** The map or loop whose body it is. */
  readonly owner?: PlanComposite;
  /** By the model's key. */
  readonly jobs: ReadonlyMap<string, WorkflowJob>;
  readonly apart: ReadonlySet<PlanComposite>;
}

/** The file of the pipeline and those of bodies, with the jobs that stand for what the model runs. */
export function placesOf(compiled: CompiledWorkflows, workflows: ReadonlyMap<string, WorkflowFile>): readonly Place[] {
  const keys = plannedKeys(compiled);
  const homes = new Map<string, { readonly workflow: WorkflowFile; readonly job: WorkflowJob }>();
  for (const workflow of workflows.values()) {
    for (const job of workflow.jobs) {
      const key = keys.get(job.id);
      if (key !== undefined && job.work.kind === "steps") homes.set(key, { workflow, job });
    }
  }
  const callers = (callee: WorkflowFile): readonly { readonly workflow: WorkflowFile; readonly job: WorkflowJob }[] =>
    [...workflows.values()].flatMap((workflow) => {
      const jobs = workflow.jobs.filter(({ work }) => work.kind === "call" && work.workflow === `./${callee.path}`);
      const sorted = [...jobs].sort((a, b) => a.index - b.index);
      // Batches of items are called by a file between.
      return sorted.length > 0 && workflow.path.endsWith("-batch.yml")
        ? callers(workflow)
        : sorted.map((job) => ({ workflow, job }));
    });
  const home = (key: string): WorkflowFile => {
    const found = homes.get(key);
    if (found === undefined) throw new Error(`no job for ${key}`);
    return found.workflow;
  };
  const fileOf = (node: PlanNode, graph: PlanGraph): WorkflowFile => {
    if (node.kind === "leaf") return home(leafKey(node));
    if (node.open !== undefined) return home(openKey(node));
    const feeding = node.fedBy === undefined ? undefined : graph.nodes.get(node.fedBy);
    if (feeding !== undefined) return fileOf(feeding, graph);
    const [body] = node.graphs;
    if (body === undefined) throw new Error("no body");
    const inner = fileOf(body.start, body);
    return node.node.kind === "loop" ? (callers(inner)[0]?.workflow ?? inner) : inner;
  };
  const places: Place[] = [];
  const visit = (graph: PlanGraph, workflow: WorkflowFile, owner?: PlanComposite): void => {
    const jobs = new Map<string, WorkflowJob>();
    const apart = new Set<PlanComposite>();
    const add = (key: string): void => {
      const found = homes.get(key);
      if (found?.workflow === workflow) jobs.set(key, found.job);
    };
    const walk = (inner: PlanGraph): void => {
      for (const node of reachable(inner)) {
        if (node.kind === "leaf") {
          add(leafKey(node));
          continue;
        }
        add(openKey(node));
        const called = calledFile(node);
        if (called === undefined || called === workflow) {
          for (const each of node.graphs) walk(each);
          continue;
        }
        apart.add(node);
        callers(called)
          .filter((caller) => caller.workflow === workflow)
          .forEach(({ job }, i) => {
            jobs.set(bodyKey(node, i), job);
          });
        const [body] = node.graphs;
        if (body !== undefined) visit(body, called, node);
      }
    };
    if (owner !== undefined) add(closeKey(owner));
    walk(graph);
    places.push({ workflow, graph, ...(owner === undefined ? {} : { owner }), jobs, apart });
  };
  const calledFile = (node: PlanComposite): WorkflowFile | undefined => {
    const [body] = node.graphs;
    return (node.node.kind === "map" || node.node.kind === "loop") && body !== undefined
      ? fileOf(body.start, body)
      : undefined;
  };
  const [main] = workflows.values();
  if (main !== undefined) visit(compiled.plan.root, main);
  return places;
}

function reachable({ start, nodes }: PlanGraph): readonly PlanNode[] {
  const seen = new Set([start.name]);
  for (const name of seen) {
    const node = nodes.get(name);
    for (const edge of [node?.ok, node?.failed]) if (edge !== undefined && "to" in edge) seen.add(edge.to);
  }
  return [...nodes.values()].filter(({ name }) => seen.has(name));
}

/** The model's keys by the ids of jobs, from the plan that the action reads. */
function plannedKeys({ files }: CompiledWorkflows): ReadonlyMap<string, string> {
  const text = [...files].find(([path]) => path.endsWith(".plan.json"))?.[1] ?? "{}";
  const steps: { readonly [id: string]: { readonly path: Parameters<typeof pathKey>[0]; readonly gather?: string } } =
    JSON.parse(text).steps;
  return new Map(
    Object.entries(steps).map(([id, { path, gather }]) => [
      id,
      gather === undefined ? pathKey(path) : `${pathKey(path)} ${gather}`,
    ]),
  );
}
