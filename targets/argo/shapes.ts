/**
 * Container shapes: everything of a container but what it runs. Steps of one shape share a template, so that a step
 * costs a task and nothing else, and a cluster's settings stand in one place.
 */
import type { Resources } from "../../src/ir/pipeline.ts";
import type { Plan, PlanLeaf } from "../../src/plan/plan.ts";
import type { StepSpec } from "../../src/protocol/step-spec.ts";
import { checksum, type NameScope } from "../../src/target/name-scope.ts";
import { controlFile, environmentOf, shimFolder } from "./environment.ts";
import type { ArgoOptions, ShapeOptions } from "./options.ts";
import type { Storage } from "./storage.ts";

/** Where the shim image has them. */
const imageFolder = "/opt/magnus";
/** The shim enforces a step's timeout; this much later the platform does. It counts the pull of the image too. Seconds. */
const backstop = 600;

export interface Shapes {
  /** The template in which a step runs, gathers and stubs too. */
  readonly of: (step: StepSpec, leaf: PlanLeaf | undefined) => string;
  /** The container templates that were asked for, in order of their first use. */
  readonly templates: () => readonly { readonly comment: string; readonly object: object }[];
  /** The template that closes a run. */
  readonly verdict: (name: string, args: readonly string[]) => object;
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

export function containerShapes({ run }: Plan, options: ArgoOptions, storage: Storage, names: NameScope): Shapes {
  const found = new Map<string, { readonly name: string; readonly shape: Shape }>();
  names.of("\0step", "step");
  const parameters = Object.keys(run.parameters);
  return {
    of(step, leaf) {
      const shape = shapeOf(step, leaf, options, parameters.length > 0);
      const wanted = parts(shape, leaf, options).join("-");
      const key = JSON.stringify(shape);
      const known = found.get(key);
      if (known !== undefined) return known.name;
      const name = wanted === "step" ? "step" : names.of(`\0${key}`, wanted);
      found.set(key, { name, shape });
      return name;
    },
    templates: () =>
      [...found.values()].map(({ name, shape }) => ({
        comment: commentOf(shape),
        object: stepTemplate(name, shape, parameters, options, storage),
      })),
    verdict: (name, args) => ({
      name,
      ...podPart(options, options),
      container: container(
        options.image ?? options.shim_image ?? "",
        args,
        { ...options, env: {} },
        [],
        options,
        storage,
      ),
    }),
  };
}

/** The image in which a step runs; a stub or gather needs none of the user's. */
export function imageOf(leaf: PlanLeaf | undefined, options: ArgoOptions): string | undefined {
  const own = leaf?.node.kind === "task" ? leaf.node.image : undefined;
  const usual = own ?? optionsOf(leaf, options).image;
  return leaf?.node.kind === "task" ? usual : (usual ?? options.shim_image);
}

function optionsOf(leaf: PlanLeaf | undefined, options: ArgoOptions): ShapeOptions {
  const chosen = leaf?.node.overrides.argo;
  const over = chosen === undefined ? {} : (options.overrides[chosen] ?? {});
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

function commentOf({ image, resources, maxAttempts, timeoutMs, secrets, opens }: Shape): string {
  const told = [
    `a step in ${image}`,
    ...(resources === undefined ? [] : ["with resources of its own"]),
    ...(secrets.length === 0 ? [] : [`with the secrets ${secrets.join(", ")}`]),
    ...(maxAttempts === 1 ? [] : [`tried ${maxAttempts} times`]),
    ...(timeoutMs === undefined ? [] : [`for at most ${Math.ceil(timeoutMs / 1000)} s`]),
    ...(opens ? ["that can open the run with its parameters"] : []),
  ];
  return told.join(", ").replace(/\s+/g, " ");
}

function stepTemplate(
  name: string,
  shape: Shape,
  parameters: readonly string[],
  options: ArgoOptions,
  storage: Storage,
): object {
  const args = ["run", "--spec", "{{inputs.parameters.spec}}", "--at", "{{inputs.parameters.at}}"];
  const given = shape.opens ? parameters.flatMap((each) => ["--param-base64", submitted(each)]) : [];
  return {
    name,
    inputs: { parameters: [{ name: "spec" }, { name: "at", default: "[]" }] },
    outputs: { parameters: [{ name: "control", valueFrom: { path: controlFile, default: "fault" } }] },
    ...retryPart(shape),
    ...deadlinePart(shape),
    ...(shape.options.pending_timeout === undefined ? {} : { pendingTimeout: shape.options.pending_timeout }),
    ...podPart(shape.options, options),
    container: container(
      shape.image,
      [...args, ...given],
      shape.options,
      shape.secrets,
      options,
      storage,
      shape.resources,
    ),
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
  const wait =
    backoff === undefined
      ? {}
      : {
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

/** What belongs to the pod: how the shim comes into it, and where it may run. */
function podPart(shape: ShapeOptions, all: ArgoOptions): object {
  const { node_selector, tolerations, affinity, pod_spec_patch } = shape;
  const files = { name: "magnus", emptyDir: {} };
  const image = { name: "magnus-shim", image: { reference: all.shim_image } };
  const delivery =
    all.shim === "init-container"
      ? {
          initContainers: [
            {
              name: "magnus-shim",
              image: all.shim_image,
              command: ["magnus-shim", "install", shimFolder],
              volumeMounts: [{ name: "magnus", mountPath: shimFolder }],
            },
          ],
        }
      : {};
  return {
    ...(node_selector === undefined ? {} : { nodeSelector: node_selector }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(affinity === undefined ? {} : { affinity }),
    ...(pod_spec_patch === undefined ? {} : { podSpecPatch: pod_spec_patch }),
    volumes: [files, ...(all.shim === "image-volume" ? [image] : [])],
    ...delivery,
  };
}

function container(
  image: string,
  args: readonly string[],
  shape: ShapeOptions,
  secrets: readonly string[],
  options: ArgoOptions,
  storage: Storage,
  resources?: Resources,
): object {
  const programs = {
    "init-container": `${shimFolder}/magnus-shim`,
    "baked-in": "magnus-shim",
    "image-volume": `/magnus-shim${imageFolder}/magnus-shim`,
  } as const;
  const pull = shape.image_pull_policy;
  const sizes = resourcesOf(shape, resources);
  return {
    image,
    ...(pull ? { imagePullPolicy: pull } : {}),
    command: [programs[options.shim]],
    args,
    env: environmentOf(shape, secrets, options, storage),
    ...(sizes === undefined ? {} : { resources: sizes }),
    ...(shape.security_context === undefined ? {} : { securityContext: shape.security_context }),
    volumeMounts: [
      { name: "magnus", mountPath: shimFolder },
      ...(options.shim === "image-volume" ? [{ name: "magnus-shim", mountPath: "/magnus-shim" }] : []),
      ...storage.mounts,
    ],
  };
}

function resourcesOf({ resources }: ShapeOptions, own: Resources | undefined): object | undefined {
  const requests = quantities({ ...resources?.requests, ...own, gpu: undefined });
  const limits = quantities({ ...resources?.limits, ...own });
  if (requests === undefined && limits === undefined) return undefined;
  return { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) };
}

function quantities(list: { readonly [K in keyof Resources]?: string | undefined }): object | undefined {
  const { cpu, memory, gpu } = list;
  const all = {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    // Kubernetes: a limit alone is the request as well.
    ...(gpu === undefined ? {} : { "nvidia.com/gpu": gpu }),
  };
  return Object.keys(all).length === 0 ? undefined : all;
}
