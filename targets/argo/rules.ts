/** What Argo and its API server refuse, and what no pod could do, told before anything is written. */
import type { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import type { Places } from "../../src/ir/places.ts";
import { planNodes } from "../../src/plan/plan.ts";
import type { Plan, PlanGraph, PlanLeaf } from "../../src/plan/plan-node.ts";
import { argumentText } from "../../src/protocol/argument-text.ts";
import type { TargetContext } from "../../src/target/target.ts";
import { secretEntry } from "./container-environment.ts";
import type { Graphs } from "./graphs/building.ts";
import { mostTasks } from "./graphs/task.ts";
import { withoutLong } from "./long-parameters.ts";
import type { Manifest } from "./manifest.ts";
import type { ArgoOptions } from "./options.ts";
import { imageOf } from "./shapes.ts";
import { statusSize } from "./status-size.ts";
import type { Storage } from "./storage.ts";
import { specText } from "./yaml/print-text.ts";

/** Argo counts nested templates and iterations together and ends the workflow above 100; hooks and retries take some. */
const deepest = 90;
/** Kubernetes takes objects of about 1 MiB (etcd's `--max-request-bytes` is 1.5); status takes the rest. Bytes. */
const largest = 1024 * 1024;

type Context = Pick<TargetContext<ArgoOptions>, "options" | "places">;

export function checkImages(plan: Plan, { options, places }: Context, sink: DiagnosticSink): void {
  if (options.shim !== "baked-in" && options.shim_image === undefined) {
    sink.report("target-option-missing", {
      target: "argo",
      what: "no image with the shim is named, which brings it into every pod",
      hint: "set `targets.argo.shim_image`, or `shim: baked-in` where your images have magnus-shim",
    });
  }
  const without = [...leavesOf(plan)].filter(
    (leaf) => leaf.node.kind === "task" && imageOf(leaf, options) === undefined,
  );
  const [first] = without;
  if (first === undefined) return;
  const names = without.map(({ node }) => node.name);
  sink.report("step-without-image", { target: "argo", names, span: places.of(first.node) });
}

export function checkStorage({ outOfReach, variables }: Storage, options: ArgoOptions, sink: DiagnosticSink): void {
  for (const { service, place } of outOfReach) {
    sink.report("target-option-missing", {
      target: "argo",
      what: `the ${service === "catalog" ? "catalog" : "run log"} in ${place} would be lost with the first pod`,
      hint: "set `targets.argo.storage.claim` to a PersistentVolumeClaim, or `storage.size` for a trial",
    });
  }
  for (const name of variables) {
    if (secretEntry(name, options) !== undefined || options.env?.[name] !== undefined) continue;
    sink.report("target-option-missing", {
      target: "argo",
      what: `the services need the variable ${name}, which no pod would have`,
      hint: `add it to \`targets.argo.env\` or \`secrets_from_k8s\`${name.startsWith("AWS_") ? ", or name a `service_account_name` that has a role of AWS" : ""}`,
    });
  }
}

export function checkLimits(
  { plan, graphs, templates }: Manifest,
  { options, places }: Context,
  sink: DiagnosticSink,
): void {
  const report = (what: string, hint: string, span = places.document): void =>
    sink.report("target-limit", { target: "argo", what, hint, span });
  for (const { graph } of graphs.tooWide) {
    const hint = "group steps in `dag` steps; a chain is cut by itself where no edge crosses the cut";
    report(
      `a graph of ${graph.nodes.size} steps cannot be cut into dags of ${mostTasks} tasks`,
      hint,
      places.of(graph),
    );
  }
  if (templates.length > mostTasks) {
    report(`the workflow needs ${templates.length} templates of at most ${mostTasks}`, "split the pipeline");
  }
  const size = templates.reduce((sum, { object }) => sum + JSON.stringify(object).length, argumentBytes(plan));
  if (size > largest)
    report(`the workflow has ${Math.ceil(size / 1024)} KiB of at most ${largest / 1024}`, "split the pipeline");
  else checkStatus(graphs, size, report);
  checkPodSizes(plan, places, report);
  const notes = annotationBytes(plan, options);
  if (notes > mostAnnotations)
    report(`description and annotations have ${Math.ceil(notes / 1024)} KiB of at most 256`, "shorten `description`");
  checkDepth(plan.root, 1, places, report);
}

type Report = (what: string, hint: string, span?: ReturnType<Places["of"]>) => void;

/** Kubernetes (TotalAnnotationSizeLimitB): bytes of names and values together. */
const mostAnnotations = 256 * 1024;

function annotationBytes({ pipeline }: Plan, { annotations = {} }: ArgoOptions): number {
  const texts = [pipeline.name, pipeline.description ?? "", ...Object.entries(annotations).flat()];
  // Some are written in escapes, at most six for one, and a few of our own.
  return texts.reduce((sum, text) => sum + JSON.stringify(text).length, 100);
}

function checkStatus({ templates }: Graphs, manifest: number, report: Report): void {
  const { nodes, bytes } = statusSize(templates, largest - manifest);
  const needed = manifest + bytes;
  if (needed <= largest) return;
  report(
    `the workflow has ${Math.ceil(manifest / 1024)} KiB, and the state of its ${nodes} nodes, which Argo keeps beside it, takes it to about ${Math.ceil(needed / 1024)} KiB of at most ${largest / 1024}`,
    "shorten commands, lower `max_iterations` or items, or split the pipeline",
  );
}

/**
 * What Argo puts into one ConfigMap where a pod's arguments are long: the template, which holds them, and the arguments.
 * Kubernetes takes 1 MiB. Bytes, and some of them for the rest of the template.
 */
const mostPodBytes = 1000 * 1024;

function checkPodSizes(plan: Plan, places: Places, report: Report): void {
  const given = argumentBytes(plan);
  const submitted = 2 * Math.ceil((given * 4) / 3);
  if (submitted > mostPodBytes) {
    const most = Math.floor(((mostPodBytes / 2) * 3) / 4 / 1024);
    report(`parameters of ${Math.ceil(given / 1024)} KiB of at most ${most}`, "hand over large values as files");
    return;
  }
  for (const { step, node } of leavesOf(plan)) {
    if (step.task === undefined && step.run === undefined) continue;
    const spec = JSON.stringify(specText(withoutLong(step))).length;
    const size = 2 * spec + (step.run === undefined ? 0 : submitted);
    if (size <= mostPodBytes) continue;
    const span = places.of(node, "command");
    report(`a step whose pod needs ${Math.ceil(size / 1024)} KiB of at most 1000`, "move the text into a file", span);
  }
}

/** Of the parameters' defaults, as they stand in the workflow. */
function argumentBytes({ run }: Plan): number {
  return Object.values(run.parameters).reduce<number>((sum, value) => sum + argumentText(value).length, 0);
}

/** Composites nest as deeply as a person wrote them, so this may recur. */
function checkDepth(graph: PlanGraph, depth: number, places: Places, report: Report): void {
  for (const node of graph.nodes.values()) {
    if (node.kind === "leaf") continue;
    const inner = depth + 1 + (node.node.kind === "loop" ? node.node.maxIterations : 1);
    if (inner > deepest) {
      const span = places.of(node.node, "max_iterations");
      report(`nesting and iterations together come to ${inner} of at most ${deepest}`, "lower `max_iterations`", span);
    } else for (const each of node.graphs) checkDepth(each, inner, places, report);
  }
}

function leavesOf({ root }: Plan): readonly PlanLeaf[] {
  return [...planNodes(root)].filter((node) => node.kind === "leaf");
}
