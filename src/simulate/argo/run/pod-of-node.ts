import { present } from "../../../system/present.ts";
import { goJson } from "../expressions/go-json.ts";
import { type Scope, substitute } from "../expressions/substitute.ts";
import type { Output, Pod, Volume } from "../pods/pod.ts";
import { readTemplate, readVolumes, type Template } from "../workflow/workflow.ts";
import type { Node, ProcessedTemplate } from "./node.ts";
import type { Simulation } from "./simulation.ts";

/**
 * The pod of a node. The controller substitutes once more in what it made of the template (workflowpod.go,
 * substitutePodParams), even in the node's name. Throws a SubstitutionError.
 */
export function podOf(simulation: Simulation, node: Node, processed: ProcessedTemplate, signal: AbortSignal): Pod {
  const name = podName(node.name, processed.template);
  const scope = new Map<string, string>([...simulation.globals, ["pod.name", name]]);
  for (const [input, value] of processed.inputs) scope.set(`inputs.parameters.${input}`, value);
  const again = substitute(processed.json, scope, "none");
  const template = again === processed.json ? processed.template : readTemplate(JSON.parse(again));
  const { activeDeadlineSeconds, container = {}, initContainers = [], volumes = [] } = template;
  return {
    name,
    node: substituteText(node.name.slice(simulation.workflow.length), scope),
    initContainers: initContainers.map((each) => ({ ...each, name: each.name ?? "init" })),
    main: { ...container, name: "main" },
    volumes: [...volumesOf(simulation), ...volumes],
    outputs: outputsOf(template),
    ...present({ activeDeadlineSeconds }),
    signal,
  };
}

/** Kubernetes names: what a node's name has besides letters and digits becomes a dash. */
export function podName(node: string, template: Template): string {
  return `${node.split(".")[0]}-${template.name}-${node.replace(/[^a-zA-Z0-9]+/g, "-")}`.slice(0, 253).toLowerCase();
}

function substituteText(text: string, scope: Scope): string {
  const read: unknown = JSON.parse(substitute(goJson(text), scope, "none"));
  return typeof read === "string" ? read : text;
}

/** Those of the whole workflow, and the claims that each run makes. */
function volumesOf({ spec, globals, workflow }: Simulation): readonly Volume[] {
  const shared = readVolumes(JSON.parse(substitute(goJson(spec.volumes ?? []), globals, "none")));
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${workflow}-${name}` },
  }));
  return [...shared, ...claims];
}

function outputsOf({ outputs }: Template): readonly Output[] {
  return (outputs?.parameters ?? []).flatMap(({ name, valueFrom }) => {
    const { path, default: fallback } = valueFrom ?? {};
    return path === undefined ? [] : [{ name, path, ...present({ default: fallback }) }];
  });
}
