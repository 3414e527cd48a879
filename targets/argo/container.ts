/** The parts of a container template that do not depend on what runs in it. */

import type { Resources } from "../../src/protocol/task-fields.ts";
import { present } from "../../src/system/present.ts";
import { containerEnvironment, shimFolder } from "./container-environment.ts";
import type { ArgoOptions, ShapeOptions } from "./options.ts";
import type { Storage } from "./storage.ts";

/** What all containers of a workflow have in common. */
export interface Cluster {
  readonly options: ArgoOptions;
  readonly storage: Storage;
}

/** Where the shim image has its files. */
const imageFolder = "/opt/magnus";

/** What belongs to the pod: how the shim comes into it, and where it may run. */
export function podPart(shape: ShapeOptions, all: ArgoOptions): object {
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
    ...present({ nodeSelector: node_selector, tolerations, affinity, podSpecPatch: pod_spec_patch }),
    volumes: [files, ...(all.shim === "image-volume" ? [image] : [])],
    ...delivery,
  };
}

export interface ContainerParts {
  readonly image: string;
  /** Of the shim. */
  readonly args: readonly string[];
  readonly shape: ShapeOptions;
  readonly secrets?: readonly string[];
  /** The step's own, over those of its shape. */
  readonly resources?: Resources | undefined;
}

/** What runs in it. */
export function container({ image, args, shape, secrets = [], resources }: ContainerParts, around: Cluster): object {
  const { options, storage } = around;
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
    env: containerEnvironment(shape, secrets, around),
    ...present({ resources: sizes, securityContext: shape.security_context }),
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
  return { ...present({ requests, limits }) };
}

function quantities(list: { readonly [K in keyof Resources]?: string | undefined }): object | undefined {
  const { cpu, memory, gpu } = list;
  const all = {
    ...present({ cpu, memory }),
    // Kubernetes: a limit alone is the request as well.
    ...present({ "nvidia.com/gpu": gpu }),
  };
  return Object.keys(all).length === 0 ? undefined : all;
}
