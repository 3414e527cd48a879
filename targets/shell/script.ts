import type { Plan, PlanComposite, PlanGraph, PlanNode } from "../../src/plan/plan-node.ts";
import { verdictSpec } from "../../src/plan/verdict-spec.ts";
import type { Edge } from "../../src/protocol/path.ts";
import { printAscii, printSpec } from "../../src/protocol/spec-text.ts";
import type { StepSpec } from "../../src/protocol/step-spec.ts";
import { shellQuote } from "../../src/system/shell-quote.ts";
import { printServices } from "../../src/target/print-services.ts";
import type { TargetContext } from "../../src/target/target.ts";
import { type FunctionNames, functionNames } from "./function-names.ts";
import { oneLine, word } from "./quote.ts";

/** Bytes of a spec that still goes as an argument (Linux: one argument is at most 131,071 bytes). */
const longestArgument = 100 * 1024;

/** Each graph and step as a function. */
export function lowerScript(plan: Plan): Script {
  const script: Script = { plan, names: functionNames(), graphs: [], steps: [], uses: new Set() };
  printGraph(plan.root, "", script);
  return script;
}

/** Prints the whole script. */
export function printScript({ plan, graphs, steps, uses }: Script, context: TargetContext<unknown>): string {
  const { name, description } = plan.pipeline;
  const services = printServices(context.services);
  return context.render("script.sh", {
    title: oneLine([name, description].filter(Boolean).join(": ")),
    header: context.header,
    runSpec: shellQuote(printAscii({ ...plan.run })),
    verdictSpec: shellQuote(printSpec(verdictSpec(plan))),
    services: services === undefined ? undefined : shellQuote(services),
    graphs: graphs.join("\n"),
    steps: steps.join("\n"),
    usage: usage(plan),
    longSpecs: uses.has("long"),
    controls: uses.has("controls"),
    concurrent: uses.has("concurrent"),
    maps: uses.has("maps"),
  });
}

export interface Script {
  readonly plan: Plan;
  readonly names: FunctionNames;
  /** One text a function, in the order of the pipeline. */
  readonly graphs: string[];
  readonly steps: string[];
  /** Parts of the machine that this pipeline needs. */
  readonly uses: Set<"long" | "controls" | "concurrent" | "maps">;
}

/** Prints a graph's function and, after it, those of what it contains; returns its name. */
function printGraph(graph: PlanGraph, place: string, script: Script): string {
  const name = script.names.of("graph", place === "" ? "root" : place);
  const at = script.graphs.push("") - 1;
  const arms: string[] = [];
  for (const node of graph.nodes.values()) {
    const call = printNode(node, place === "" ? node.name : `${place}\0${node.name}`, script);
    arms.push(
      `    ${word(node.name)}) if ${call} "$1"; then node=${goal(node.ok)}; else node=${goal(node.failed)}; fi ;;`,
    );
  }
  script.graphs[at] = `${name}() {
  node=${word(graph.start.name)}
  while [ -z "$stopping" ]; do
    case $node in
${arms.join("\n")}
    ${word(graph.graph.success)}) return 0 ;;
    ${word(graph.graph.fail)}) return 1 ;;
    esac
  done
  return "$stopping"
}
`;
  return name;
}

function goal(edge: Edge): string {
  return word("to" in edge ? edge.to : edge.name);
}

/** Prints what a node needs; returns the function that runs it. */
function printNode(node: PlanNode, place: string, script: Script): string {
  if (node.kind === "leaf") return printStep(place, node.step, script);
  if (node.node.kind === "dag" && node.open === undefined) return printGraph(only(node), place, script);
  return printComposite(node, place, script);
}

function printStep(place: string, spec: StepSpec, script: Script): string {
  const name = script.names.of("step", place);
  // `begin` has created the run, so no step carries what it starts with.
  const { run: _, ...rest } = spec;
  const text = printSpec(rest);
  if (text.length <= longestArgument) {
    script.steps.push(`${name}() { step "$1" ${shellQuote(text)}; }`);
  } else {
    script.uses.add("long");
    script.steps.push(`${name}() {\n  long_step "$1" <<'MAGNUS_SPEC'\n${text}\nMAGNUS_SPEC\n}`);
  }
  return name;
}

function printComposite(node: PlanComposite, place: string, script: Script): string {
  const name = script.names.of(node.node.kind, place);
  const at = script.graphs.push("") - 1;
  const gather = node.open && `  ${printStep(`${place}\0gather`, node.open, script)} "$1" || return 1`;
  const body = printBody(node, place, script);
  script.graphs[at] = `${name}() {\n${[...(gather ? [gather] : []), ...body].join("\n")}\n}\n`;
  return name;
}

function printBody(node: PlanComposite, place: string, script: Script): readonly string[] {
  switch (node.node.kind) {
    case "dag":
      return [`  ${printGraph(only(node), place, script)} "$1"`];
    case "parallel":
      return printParallel(node, place, script);
    case "map":
      return printMap(node, node.node.maxParallel, place, script);
    case "conditional":
      return printConditional(node, place, script);
    case "loop":
      return printLoop(node, place, script);
  }
}

function printParallel(node: PlanComposite, place: string, script: Script): readonly string[] {
  script.uses.add("concurrent");
  const branches = node.graphs.map((graph, i) => {
    const name = printGraph(graph, branchPlace(place, graph), script);
    return `  (enter ${i} && ${name} "$1") & children="$children$! "`;
  });
  return ["  failed=0", ...branches, "  join"];
}

function printMap(node: PlanComposite, limit: number | undefined, place: string, script: Script): readonly string[] {
  for (const part of ["concurrent", "controls", "maps"] as const) script.uses.add(part);
  const body = printGraph(only(node), place, script);
  return ["  read_control", `  each ${body} "$1" ${limit ?? '"$jobs"'}`];
}

function printConditional(node: PlanComposite, place: string, script: Script): readonly string[] {
  script.uses.add("controls");
  const arms = node.graphs.map((graph, i) => {
    return `    ${i}) ${printGraph(graph, branchPlace(place, graph), script)} "$1" ;;`;
  });
  return ["  read_control", "  case $control in", ...arms, "    *) return 1 ;;", "  esac"];
}

function printLoop(node: PlanComposite, place: string, script: Script): readonly string[] {
  script.uses.add("controls");
  const iteration = '"$1${1:+,}{\\"i\\":$2}"';
  const body = printGraph(only(node), place, script);
  const close = node.close && `    ${printStep(`${place}\0close`, node.close, script)} ${iteration} || return 1`;
  return [
    '  set -- "$1" 0',
    '  while [ -z "$stopping" ]; do',
    `    ${body} ${iteration} || return 1`,
    ...(close ? [close] : []),
    "    read_control",
    "    case $control in",
    '      again) set -- "$1" $(($2 + 1)) ;;',
    "      done) return 0 ;;",
    "      *) return 1 ;;",
    "    esac",
    "  done",
    '  return "$stopping"',
  ];
}

/** The graph of a node that has one. */
function only(node: PlanComposite): PlanGraph {
  const graph = node.graphs[0];
  if (graph === undefined) throw new Error(`${node.name} has no graph`);
  return graph;
}

function branchPlace(place: string, graph: PlanGraph): string {
  return `${place}\0${graph.prefix.at(-1)?.branch ?? ""}`;
}

function usage(plan: Plan): string {
  const names = Object.keys(plan.run.parameters);
  return `usage: ${oneLine(plan.pipeline.name)}.sh [--param name=value]... [-p FILE] [--run-id ID] [--tag TEXT]
Runs the pipeline here, in this directory.

  --param name=value   sets a parameter (read as JSON, else as text)
  -p FILE              parameters from a JSON file
  --run-id ID          names the run; must be new
  --tag TEXT           a label for the run
${names.length === 0 ? "" : `\nparameters: ${names.join(", ")}`}
MAGNUS_JOBS limits how many items of a map run at a time (default: number of CPUs).
Exit: 0 the run succeeded, 1 it failed, 2 bad input, 130 or 143 interrupted.`;
}
