/**
 * Graphs as dag templates. A node is a task whose `depends` is its activation; a composite is a task with a dag of its
 * own. What makes a dag succeed or fail is Argo's rule (dag.go, assessDAGPhase): it fails if a task on which no other
 * depends failed, an omitted one taking over what its ancestors ended with. Hence the joins, see {@link joinOf}.
 */

import type { Activation } from "../../../src/plan/activations.ts";
import type { PlanComposite, PlanGraph, PlanLeaf, PlanNode } from "../../../src/plan/plan-node.ts";
import type { StepSpec } from "../../../src/protocol/step-spec.ts";
import { present } from "../../../src/system/present.ts";
import type { NameScope } from "../../../src/target/name-scope.ts";
import type { Building, Graphs, ShapeOf } from "./building.ts";
import { cutChain } from "./cut-chain.ts";
import { closingTask, dependsOn, endsAs, faultTask, joinOf } from "./join.ts";
import { ownTemplates, taskNames } from "./names.ts";
import { atParameter, inner, inside, type NodePlace, passedOn, shown } from "./node-place.ts";
import { type Call, mostBranches, mostTasks, type Parameter, type Task } from "./task.ts";

export function printGraphs(
  root: PlanGraph,
  names: NameScope,
  shapeOf: ShapeOf,
  { limitOf, itemsOf }: Pick<Building, "limitOf" | "itemsOf">,
): Graphs {
  for (const name of Object.values(ownTemplates)) names.of(`\0${name}`, name);
  const building: Building = { names, shapeOf, limitOf, itemsOf, templates: [], tooWide: [], joins: false };
  addGraph(root, { names: [], at: undefined }, ownTemplates.root, "the pipeline", [], building);
  const { templates, tooWide, joins } = building;
  return { templates: templates.filter((template) => template !== undefined), tooWide, joins };
}

/** Adds a graph's template, and behind it those of what it contains. */
function addGraph(
  graph: PlanGraph,
  place: NodePlace,
  template: string,
  comment: string,
  inputs: readonly string[],
  building: Building,
): void {
  const nodes = [...graph.nodes.values()];
  const long = nodes.length + 2 > mostTasks;
  const parts = long ? cutChain(graph, nodes, mostTasks - 2) : undefined;
  if (parts === undefined) {
    if (long) building.tooWide.push(graph);
    addPart(graph, nodes, graph.success, place, { name: template, comment, inputs }, building);
    return;
  }
  const at = building.templates.push(undefined) - 1;
  const tasks = parts.map(({ nodes, success }, i): Task => {
    const name = `part-${i + 1}`;
    const own = { name: building.names.of([...place.names, `\0${name}`].join("\0"), `${template}-${name}`), inputs };
    const from = nodes[0]?.name ?? "";
    addPart(graph, nodes, success, place, { ...own, comment: `${comment}, from ${from}` }, building);
    const depends = i === 0 ? {} : { depends: `part-${i}.Succeeded` };
    return { name, template: own.name, ...depends, parameters: passedOn(inputs) };
  });
  const closer = closingTask(graph, nodes, () => `part-${parts.length}`, inputs);
  building.templates[at] = {
    name: template,
    ...present({ control: closer }),
    comment: `${comment}, in ${parts.length} parts, since a dag holds at most ${mostTasks} tasks`,
    inputs,
    tasks,
  };
}

function addPart(
  graph: PlanGraph,
  nodes: readonly PlanNode[],
  leaving: Activation,
  place: NodePlace,
  own: { readonly name: string; readonly comment: string; readonly inputs: readonly string[] },
  building: Building,
): void {
  const at = building.templates.push(undefined) - 1;
  const names = taskNames(["magnus-end", "magnus-fail"]);
  const here = new Set(nodes.map(({ name }) => name));
  const success = leaving.filter(({ from }) => here.has(from));
  // In document order before anything refers to them.
  for (const { name } of nodes) names.of(name, name);
  const taskOf = (name: string): string => names.of(name, name);
  const tasks = nodes.map((node): Task => {
    const incoming = node.activation.filter(({ from }) => here.has(from));
    const depends = incoming.length === 0 ? {} : { depends: dependsOn(incoming, graph, taskOf) };
    const call = callNode(node, inside(place, node.name), taskOf, building);
    return { name: taskOf(node.name), template: call.template, ...depends, parameters: call.parameters };
  });
  const join = joinOf(graph, nodes, success, taskOf);
  if (join.length > 0) building.joins = true;
  const close = closingTask(graph, nodes, taskOf, own.inputs);
  building.templates[at] = { ...own, ...present({ control: close }), tasks: [...tasks, ...join] };
}

function callNode(node: PlanNode, place: NodePlace, taskOf: (name: string) => string, building: Building): Call {
  if (node.kind === "leaf") return callStep(node.step, node, place.at, building);
  const call = callComposite(node, place, building);
  if (node.fedBy === undefined) return call;
  // The leaf has succeeded wherever this is read, and its output has a default: it resolves.
  const control = `{{tasks.${taskOf(node.fedBy)}.outputs.parameters.control}}`;
  return { ...call, parameters: [{ name: "control", value: control }, ...call.parameters] };
}

function callStep(step: StepSpec, leaf: PlanLeaf | undefined, at: string | undefined, building: Building): Call {
  const { template, spec } = building.shapeOf(step, leaf);
  return {
    template,
    parameters: [
      ...(spec === undefined ? [] : [{ name: "spec", value: spec }]),
      ...(at === undefined ? [] : [{ name: "at", value: `[${at}]` }]),
    ],
  };
}

/** A graph as a task: its only node itself where that is all there is to it, else a dag. */
function callGraph(graph: PlanGraph, place: NodePlace, comment: string, building: Building): Call {
  const only = graph.nodes.size === 1 ? graph.start : undefined;
  if (only !== undefined && endsAs(only, "ok", "success") && endsAs(only, "failed", "fail")) {
    return callNode(only, inside(place, only.name), (name) => name, building);
  }
  const template = building.names.of(place.names.join("\0"), place.names.join("-"));
  const inputs = place.at === undefined ? [] : ["at"];
  addGraph(graph, { names: place.names, at: inner(place) }, template, comment, inputs, building);
  return { template, parameters: atParameter(place) };
}

function callComposite(node: PlanComposite, place: NodePlace, building: Building): Call {
  const graph = onlyGraph(node);
  if (node.node.kind === "dag" && node.open === undefined) {
    return callGraph(graph, place, `dag ${shown(place)}`, building);
  }
  if (node.node.kind === "loop" && node.open === undefined) return callLoop(node, place, building);
  const template = building.names.of(place.names.join("\0"), place.names.join("-"));
  const slot = building.templates.push(undefined) - 1;
  const around = { names: place.names, at: inner(place) };
  const { tasks, comment, parallelism } = bodyOf(node, graph, around, building);
  const gather = node.open && { name: "gather", ...callStep(node.open, undefined, around.at, building) };
  building.templates[slot] = {
    name: template,
    comment: `${node.node.kind} ${shown(place)}${comment ?? ""}`,
    inputs: [...(node.fedBy === undefined ? [] : ["control"]), ...(place.at === undefined ? [] : ["at"])],
    ...present({ parallelism }),
    tasks: [...(gather ? [gather] : []), ...tasks],
  };
  return { template, parameters: atParameter(place) };
}

function onlyGraph({ name, graphs: [graph] }: PlanComposite): PlanGraph {
  if (graph === undefined) throw new Error(`${name} has no graph`);
  return graph;
}

interface Body {
  readonly tasks: readonly Task[];
  readonly comment?: string;
  readonly parallelism?: number;
}

function bodyOf(node: PlanComposite, graph: PlanGraph, place: NodePlace, building: Building): Body {
  const after = present({ depends: node.open && "gather.Succeeded" });
  switch (node.node.kind) {
    case "dag": {
      const call = callGraph(graph, inside(place, "body"), `dag ${shown(place)}`, building);
      return { tasks: [{ name: "body", template: call.template, ...after, parameters: call.parameters }] };
    }
    case "parallel":
      return {
        tasks: cutBranches(
          branchTasks(node, place, () => ({}), building),
          after,
          [],
          place,
          building,
        ),
      };
    case "map":
      return mapBody(node, graph, place, after, building);
    case "conditional":
      return { tasks: conditionalTasks(node, place, after, building) };
    case "loop": {
      const call = callLoop(node, inside(place, "loop"), building);
      return { tasks: [{ name: "loop", template: call.template, ...after, parameters: call.parameters }] };
    }
  }
}

function branchTasks(
  node: PlanComposite,
  place: NodePlace,
  condition: (index: number) => Partial<Task>,
  building: Building,
): readonly Task[] {
  const names = taskNames(["gather", "fault"]);
  return node.graphs.map((graph, i) => {
    const branch = graph.prefix.at(-1)?.branch ?? "";
    const here = inside(place, branch);
    const call = callGraph(graph, here, `branch ${shown(here)}`, building);
    return { name: names.of(branch, branch), template: call.template, ...condition(i), parameters: call.parameters };
  });
}

function mapBody(
  node: PlanComposite,
  graph: PlanGraph,
  place: NodePlace,
  after: Partial<Task>,
  building: Building,
): Body {
  // `item` is JSON such as {"i":0,"k":"oslo"}, and is followed to where it is needed as a part of a list.
  const here = { names: [...place.names, "item"], at: place.at === undefined ? "{{item}}" : `${place.at},{{item}}` };
  const call = callGraph(graph, here, `an item of ${shown(place)}`, building);
  const withParam = node.open ? "{{tasks.gather.outputs.parameters.control}}" : "{{inputs.parameters.control}}";
  return {
    tasks: [
      {
        name: "item",
        template: call.template,
        ...after,
        withParam,
        parameters: call.parameters,
        times: building.itemsOf(node),
      },
    ],
    comment: node.node.kind === "map" ? `: one item of ${node.node.iterateOn} each` : "",
    ...present({ parallelism: building.limitOf(node) }),
  };
}

function conditionalTasks(
  node: PlanComposite,
  place: NodePlace,
  after: Partial<Task>,
  building: Building,
): readonly Task[] {
  const control = node.open ? "tasks['gather'].outputs.parameters.control" : "inputs.parameters.control";
  const many = node.graphs.length > mostBranches;
  const asked = many ? "inputs.parameters.control" : control;
  const branches = branchTasks(node, place, (i) => ({ when: `{{=${asked} == '${i}'}}` }), building);
  const given = { name: "control", value: `{{=${control}}}` };
  return [faultTask(control, "no branch", after), ...cutBranches(branches, after, [given], place, building)];
}

/** More branches than a dag holds, in dags beside each other, which are given `more` inputs. */
function cutBranches(
  tasks: readonly Task[],
  after: Partial<Task>,
  more: readonly Parameter[],
  place: NodePlace,
  building: Building,
): readonly Task[] {
  if (tasks.length <= mostBranches) return tasks.map((task) => ({ ...task, ...after }));
  const parts = Array.from({ length: Math.ceil(tasks.length / mostBranches) }, (_, i) => i);
  return parts.map((i): Task => {
    const name = `part-${i + 1}`;
    const parameters = [...(place.at === undefined ? [] : passedOn(["at"])), ...more];
    const template = building.names.of([...place.names, `\0${name}`].join("\0"), [...place.names, name].join("-"));
    const comment = `branches of ${shown(place)}, part ${i + 1}, since a dag holds at most ${mostTasks} tasks`;
    const own = tasks.slice(i * mostBranches, (i + 1) * mostBranches);
    building.templates.push({ name: template, comment, inputs: parameters.map((each) => each.name), tasks: own });
    return { name, template, ...after, parameters };
  });
}

/** A template that calls itself with the next number, until its body's control says otherwise. */
function callLoop(node: PlanComposite, place: NodePlace, building: Building): Call {
  const template = building.names.of(place.names.join("\0"), place.names.join("-"));
  const slot = building.templates.push(undefined) - 1;
  const around = { names: place.names, at: inner(place) };
  building.templates[slot] = {
    name: template,
    comment: `loop ${shown(place)}: calls itself until it breaks`,
    inputs: [...(place.at === undefined ? [] : ["at"]), "n"],
    tasks: loopTasks(node, around, template, building),
  };
  return { template, parameters: [...atParameter(place), { name: "n", value: "0" }] };
}

function loopTasks(node: PlanComposite, place: NodePlace, template: string, building: Building): readonly Task[] {
  const n = "{{inputs.parameters.n}}";
  const here = { names: [...place.names, "body"], at: place.at === undefined ? n : `${place.at},${n}` };
  const body = callGraph(onlyGraph(node), here, `an iteration of ${shown(place)}`, building);
  const close = node.close && callStep(node.close, undefined, here.at, building);
  const last = close === undefined ? "body" : "close";
  const after = { depends: `${last}.Succeeded` };
  const control = `tasks['${last}'].outputs.parameters.control`;
  const times = node.node.kind === "loop" ? node.node.maxIterations : 1;
  const tasks: readonly Task[] = [
    { name: "body", ...body },
    ...(close ? [{ name: "close", ...close, depends: "body.Succeeded" }] : []),
    faultTask(control, "not a boolean", after),
    {
      name: "again",
      template,
      ...after,
      when: `{{=${control} == 'again'}}`,
      parameters: [...atParameter(place), { name: "n", value: "{{=int(inputs.parameters.n) + 1}}" }],
    },
  ];
  return tasks.map((task) => ({ ...task, times }));
}
