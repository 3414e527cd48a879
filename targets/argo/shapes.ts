/**
 * Container shapes: everything of a container but what it runs. Steps of one shape share a template, so that a step
 * costs a task and nothing else, and a cluster's settings stand in one place.
 */

import type { Plan, PlanLeaf } from "../../src/plan/plan-node.ts";
import type { StepSpec } from "../../src/protocol/step-spec.ts";
import type { Resources } from "../../src/protocol/task-fields.ts";
import { present } from "../../src/system/present.ts";
import { checksum, type NameScope } from "../../src/target/name-scope.ts";
import { type Cluster, container, podPart } from "./container.ts";
import { controlFile } from "./container-environment.ts";
import type { ShapeOf } from "./graphs/building.ts";
import { withoutLong } from "./long-parameters.ts";
import { type NameTable, nameTable } from "./name-table.ts";
import type { ArgoOptions, ShapeOptions } from "./options.ts";
import { specText } from "./yaml/print-text.ts";

/** The shim enforces a step's timeout; this much later the platform does. It counts the pull of the image too. Seconds. */
const backstop = 600;

export interface Shapes {
  /** The template in which a step runs, gathers and stubs too, and the spec for it, unless the template has it. */
  readonly of: ShapeOf;
  /** The container templates that were asked for, in order of their first use. */
  readonly templates: () => readonly { readonly comment: string; readonly object: object }[];
  /** The template that closes a run. */
  readonly verdict: (name: string, spec: StepSpec, args: readonly string[]) => object;
}

interface Shape {
  readonly options: ShapeOptions;
  readonly image: string;
  readonly resources: Resources | undefined;
  readonly secrets: readonly string[];
  readonly timeoutMs: number | undefined;
  readonly maxAttempts: number;
  readonly backoff: NonNullable<StepSpec["task"]>["backoff"];
  /** It may be the first to write, and gets the parameters of the run. */
  readonly opens: boolean;
}

/** A container template in the making. */
interface Found {
  readonly name: string;
  readonly shape: Shape;
  /** The only spec that it runs, and whose. */
  readonly own?: { readonly spec: string; readonly step: string };
  /** Lists of names to which its specs refer. */
  readonly lists: Set<number>;
}

/**
 * A longer spec has a template of its own. Argo repeats arguments in the status of each node, of each item, iteration and
 * attempt, and a workflow may have 1 MiB of spec and status together. Characters.
 */
const longestArgument = 4096;

export function containerShapes({ run }: Plan, cluster: Cluster, names: NameScope): Shapes {
  const { options } = cluster;
  const found = new Map<string, Found>();
  const table = nameTable();
  names.of("\0step", "step");
  const parameters = Object.keys(run.parameters);
  const own = (step: StepSpec, shape: Shape, spec: string, lists: Set<number>): string => {
    const around = step.path.flatMap(({ node, branch }) => (branch === undefined ? [node] : [node, branch]));
    const place = [...around, ...(step.gather === undefined ? [] : [step.gather])];
    const name = names.of(`\0own ${place.join("\0")}`, place.join("-"));
    found.set(`own ${name}`, { name, shape, own: { spec, step: place.join(".") }, lists });
    return name;
  };
  return {
    of(step, leaf) {
      const shape = shapeOf(step, leaf, options, parameters.length > 0);
      const lists = new Set<number>();
      const spec = specText(withoutLong(forPlatform(step)), table.referrer(lists));
      if (spec.length > longestArgument) return { template: own(step, shape, spec, lists) };
      const key = JSON.stringify(shape);
      const known = found.get(key);
      for (const list of known === undefined ? [] : lists) known?.lists.add(list);
      if (known !== undefined) return { template: known.name, spec };
      const wanted = parts(shape, leaf, options).join("-");
      const name = wanted === "step" ? "step" : names.of(`\0${key}`, wanted);
      found.set(key, { name, shape, lists });
      return { template: name, spec };
    },
    templates: () =>
      [...found.values()].map((each) => ({
        comment: commentOf(each),
        object: stepTemplate(each, parameters, table, cluster),
      })),
    verdict: (name, spec, args) => {
      const lists = new Set<number>();
      const text = specText(withoutLong(spec), table.referrer(lists));
      const given = parameters.flatMap((each) => ["--param-base64", submitted(each)]);
      return {
        name,
        ...podPart(options, options),
        container: container(
          {
            image: options.image ?? options.shim_image ?? "",
            args: ["verdict", ...table.argumentsFor(lists), "--spec", text, ...args, ...given],
            shape: { ...options, env: {} },
          },
          cluster,
        ),
      };
    },
  };
}

/** Where attempts are the platform's, the shim makes one. */
function forPlatform(step: StepSpec): StepSpec {
  return (step.task?.maxAttempts ?? 1) > 1 ? { ...step, platformRetries: true } : step;
}

/** The image in which a step runs; a stub or gather needs none of the user's. */
export function imageOf(leaf: PlanLeaf | undefined, options: ArgoOptions): string | undefined {
  const own = leaf?.node.kind === "task" ? leaf.node.image : undefined;
  const usual = own ?? optionsOf(leaf, options).image;
  return leaf?.node.kind === "task" ? usual : (usual ?? options.shim_image);
}

function optionsOf(leaf: PlanLeaf | undefined, options: ArgoOptions): ShapeOptions {
  const chosen = leaf?.node.overrides.argo;
  const over = (chosen === undefined ? undefined : options.overrides[chosen]) ?? {};
  return { ...options, ...Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) };
}

function shapeOf(step: StepSpec, leaf: PlanLeaf | undefined, options: ArgoOptions, parameters: boolean): Shape {
  const own = optionsOf(leaf, options);
  return {
    options: {
      image_pull_policy: own.image_pull_policy,
      resources: own.resources,
      node_selector: own.node_selector,
      tolerations: own.tolerations,
      affinity: own.affinity,
      security_context: own.security_context,
      env: own.env,
      max_step_duration_in_seconds: own.max_step_duration_in_seconds,
      pending_timeout: own.pending_timeout,
      pod_spec_patch: own.pod_spec_patch,
    },
    image: imageOf(leaf, options) ?? "",
    resources: leaf?.node.kind === "task" ? leaf.node.resources : undefined,
    secrets: step.task?.secrets ?? [],
    timeoutMs: step.task?.timeoutMs,
    maxAttempts: step.task?.maxAttempts ?? 1,
    backoff: step.task?.backoff,
    opens: parameters && step.run !== undefined,
  };
}

/** What tells a shape's name from another's, made of what it is, so that it stays when other steps come and go. */
function parts(shape: Shape, leaf: PlanLeaf | undefined, options: ArgoOptions): readonly string[] {
  const { image, resources, secrets, timeoutMs, maxAttempts, backoff, opens } = shape;
  const override = leaf?.node.overrides.argo;
  const base = optionsOf(leaf, options).image;
  const size = resources === undefined ? [] : Object.entries(resources).map(([key, value]) => `${key}-${value}`);
  const plain = base === image || image === options.shim_image;
  const kind = plain ? [] : [image.slice(image.lastIndexOf("/") + 1).split("@")[0] ?? ""];
  const shim = base === undefined && image === options.shim_image ? ["shim"] : [];
  const named = [...(override === undefined ? [] : [override]), ...kind, ...shim];
  return [
    ...(named.length === 0 ? ["step"] : named),
    ...size,
    ...(maxAttempts > 1 ? [`${maxAttempts}-attempts`] : []),
    ...(backoff === undefined ? [] : [checksum(JSON.stringify(backoff)).slice(0, 4)]),
    ...(timeoutMs === undefined ? [] : [`${Math.ceil(timeoutMs / 1000)}s`]),
    ...(secrets.length === 0 ? [] : ["secrets", ...secrets]),
    ...(opens ? ["opening"] : []),
  ];
}

function commentOf({ shape, own }: Found): string {
  const { image, resources, maxAttempts, timeoutMs, secrets, opens } = shape;
  const told = [
    own === undefined ? `a step in ${image}` : `${own.step}, whose spec is long, in ${image}`,
    ...(resources === undefined ? [] : ["with its own resources"]),
    ...(secrets.length === 0 ? [] : [`with the secrets ${secrets.join(", ")}`]),
    ...(maxAttempts === 1 ? [] : [`tried ${maxAttempts} times`]),
    ...(timeoutMs === undefined ? [] : [`for at most ${Math.ceil(timeoutMs / 1000)} s`]),
    ...(opens ? ["that can open the run with its parameters"] : []),
  ];
  return told.join(", ").replace(/\s+/g, " ");
}

function stepTemplate(
  { name, shape, own, lists }: Found,
  parameters: readonly string[],
  table: NameTable,
  cluster: Cluster,
): object {
  const spec = own?.spec ?? "{{inputs.parameters.spec}}";
  const args = ["run", ...table.argumentsFor(lists), "--spec", spec, "--at", "{{inputs.parameters.at}}"];
  const given = shape.opens ? parameters.flatMap((each) => ["--param-base64", submitted(each)]) : [];
  return {
    name,
    inputs: { parameters: [...(own === undefined ? [{ name: "spec" }] : []), { name: "at", default: "[]" }] },
    outputs: { parameters: [{ name: "control", valueFrom: { path: controlFile, default: "fault" } }] },
    ...retryPart(shape),
    ...deadlinePart(shape),
    ...present({ pendingTimeout: shape.options.pending_timeout }),
    ...podPart(shape.options, cluster.options),
    container: container({ ...shape, args: [...args, ...given], shape: shape.options }, cluster),
  };
}

/**
 * A parameter as it was submitted. In base64, since Argo would replace tags in the text, and Kubernetes `$$` and
 * `$(NAME)`, but not where Argo hands over long arguments in a file.
 */
function submitted(parameter: string): string {
  return `${parameter}={{=toBase64(workflow.parameters['${parameter}'])}}`;
}

function retryPart({ maxAttempts, backoff }: Shape): object {
  if (maxAttempts === 1) return {};
  const wait = backoff && {
    backoff: {
      duration: `${backoff.initialMs}ms`,
      factor: String(backoff.factor),
      ...(Number.isFinite(backoff.maxMs) ? { cap: `${backoff.maxMs}ms` } : {}),
    },
  };
  // Always: a pod that was evicted or whose node was lost is an Error, and is repeated as well.
  return { retryStrategy: { limit: String(maxAttempts - 1), retryPolicy: "Always", ...wait } };
}

function deadlinePart({ timeoutMs, options }: Shape): object {
  if (timeoutMs !== undefined) return { activeDeadlineSeconds: String(Math.ceil(timeoutMs / 1000) + backstop) };
  const { max_step_duration_in_seconds: longest } = options;
  return longest === undefined ? {} : { activeDeadlineSeconds: String(longest) };
}
