/**
 * What Argo keeps of each node while a workflow runs. It stands beside the manifest in one object, which may have 1 MiB
 * (controller: MAX_WORKFLOW_SIZE); where that is not enough, Argo compresses the nodes, and where that does not help either,
 * it ends the workflow as an Error in the middle, without its exit handler.
 */
import { gzipSync } from "node:zlib";
import { checksum } from "../../src/target/name-scope.ts";
import { ownTemplates } from "./graphs/names.ts";
import type { DagTemplate, Task } from "./graphs/task.ts";

export interface StatusSize {
  readonly nodes: number;
  /** At the most that the document says: loops that do not break early, and the items of lists that it has. */
  readonly bytes: number;
}

/** As far as it matters: `room` is what the manifest leaves, in bytes; nodes are only compressed where they do not fit. */
export function statusSize(templates: readonly DagTemplate[], room: number): StatusSize {
  const byName = new Map(templates.map((template) => [template.name, template]));
  const nodes: string[] = [];
  let bytes = 0;
  const waiting: { readonly template: DagTemplate; readonly place: string }[] = [];
  const root = byName.get(ownTemplates.root);
  if (root !== undefined) waiting.push({ template: root, place: workflow });
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const task of at.template.tasks) {
      const below = templateBelow(at.template, task, byName);
      const group: string[] = [];
      let placesLength = 0;
      for (let i = 0; i < (task.times ?? 1); i++) {
        const place = placeOf(task, i, at.place);
        group.push(idOf(place));
        const text = nodeText(place, at.place, task, i, below !== undefined);
        bytes += text.length;
        placesLength += place.length;
        // Each costs 60 bytes or more, whatever is in it.
        if (nodes.push(text) > most) return { nodes: nodes.length, bytes: nodes.length * 60 };
        if (below !== undefined) waiting.push({ template: below, place });
      }
      if (task.times === undefined) continue;
      // The node of a map lists its items.
      nodes.push(JSON.stringify(group));
      bytes += placesLength;
    }
  }
  if (bytes <= room) return { nodes: nodes.length, bytes };
  return { nodes: nodes.length, bytes: Math.ceil((gzipSync(nodes.sort().join(",")).length * 4) / 3) };
}

/** Undefined: the task is a pod, or the template itself once more, which would not end. */
function templateBelow(
  { name }: DagTemplate,
  { template }: Task,
  byName: ReadonlyMap<string, DagTemplate>,
): DagTemplate | undefined {
  return template === name ? undefined : byName.get(template);
}

const most = 20_000;
/** Of the length that a name has. */
const workflow = "a-pipeline-of-some-name-x7k2p";

function placeOf(task: Task, index: number, around: string): string {
  return `${around}.${task.name}${task.times === undefined ? "" : `(${index}:i:${index},k:${index})`}`;
}

/** A node that succeeded, as the controller writes it, in the order of its id, which is a hash. */
function nodeText(place: string, boundary: string, task: Task, index: number, inner: boolean): string {
  const id = idOf(place);
  const item = `{"i":${index},"k":"${index}"}`;
  const pod = {
    outputs: {
      parameters: [{ name: "control", value: "fault", valueFrom: { path: "/magnus/out/control" } }],
      exitCode: "0",
    },
    hostNodeName: "node-pool-of-some-name-1",
    taskResultSynced: true,
  };
  const time = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().slice(0, 19);
  return `${JSON.stringify(id)}:${JSON.stringify({
    id,
    name: place,
    displayName: place.slice(boundary.length + 1),
    type: inner ? "DAG" : "Pod",
    templateName: task.template,
    templateScope: `local/${workflow}`,
    phase: "Succeeded",
    boundaryID: idOf(boundary),
    startedAt: `${time(index)}Z`,
    finishedAt: `${time(3 * index + 7)}Z`,
    progress: "1/1",
    resourcesDuration: { cpu: index % 10, memory: 3 },
    inputs: {
      parameters: task.parameters.map(({ name, value }) => ({ name, value: value.replaceAll("{{item}}", item) })),
    },
    ...(inner ? {} : pod),
    children: [idOf(`${place} `)],
  })}`;
}

function idOf(place: string): string {
  return `${workflow}-${Number.parseInt(checksum(place), 16)}`;
}
