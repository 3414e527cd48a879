import { printJson } from "../protocol/json.ts";
import { displayPath, pathKey } from "../protocol/path.ts";
import type { NodeStatus } from "../run-log/replay/node-status.ts";
import type { RunView, StepView } from "../run-log/views/view.ts";
import { measuredTime } from "../system/duration.ts";
import { shorten } from "../system/shorten.ts";

/** Steps that are listed; more are only counted (GitHub takes 1 MiB of a step's summary, and less of a graph). */
const mostRows = 500;
const mostNodes = 100;

/** A run as Markdown: its outcome, a table of its steps, and a graph of them. */
export function printSummary(view: RunView): string {
  const { created, status, run, startedAt, finishedAt } = view;
  const took =
    startedAt === undefined || finishedAt === undefined
      ? ""
      : `, ${measuredTime(Date.parse(finishedAt) - Date.parse(startedAt))}`;
  const rows = [...leavesOf(view.steps)];
  const more = rows.length > mostRows ? `\n… and ${rows.length - mostRows} more steps\n` : "";
  return `## ${markdown(created?.pipeline ?? run)}: ${status}

Run \`${run}\`${took}. To see more, download the artifact \`run-log~…\` into \`.magnus/runs\`: \`magnus runs show ${run}\`.

| step | state | attempts | time | metrics |
|---|---|---|---|---|
${rows.slice(0, mostRows).map(rowOf).join("\n")}
${more}
${printGraph(view)}`;
}

function* leavesOf(steps: readonly StepView[]): Generator<StepView> {
  for (const step of steps) {
    if (step.graphs.length === 0) yield step;
    else for (const graph of step.graphs) yield* leavesOf(graph.steps);
  }
}

function rowOf({ path, status, attempts, control }: StepView): string {
  const last = attempts.at(-1);
  const why = status === "success" ? "" : (last?.message ?? last?.reason ?? control?.message ?? "");
  const metrics = (last?.metrics ?? []).flatMap(({ metrics, step }) =>
    Object.entries(metrics).map(
      ([name, value]) => `${name}${step === undefined ? "" : ` (${step})`}: ${printJson(value)}`,
    ),
  );
  const time = last?.durationMs === undefined ? "" : measuredTime(last.durationMs);
  const cells = [
    displayPath(path),
    `${status}${why === "" ? "" : `: ${shorten(why, 200)}`}`,
    attempts.length === 0 ? "" : `${attempts.length}`,
    time,
    shorten(metrics.slice(-5).join(", "), 200),
  ];
  return `| ${cells.map(markdown).join(" | ")} |`;
}

/** The graph of the steps as they ran, composites as boxes. */
function printGraph({ steps }: RunView): string {
  const drawing: Drawing = { lines: [], ids: new Map() };
  draw(steps, drawing);
  if (drawing.ids.size > mostNodes) return "";
  const lines = [
    "flowchart TD",
    ...drawing.lines,
    "classDef success fill:#d3f5dc,stroke:#1a7f37,color:#000",
    "classDef failed fill:#ffdcd7,stroke:#cf222e,color:#000",
    "classDef other fill:#eee,stroke:#666,color:#000",
  ];
  return `\`\`\`mermaid\n${lines.join("\n")}\n\`\`\`\n`;
}

interface Drawing {
  readonly lines: string[];
  readonly ids: Map<string, string>;
}

/** Draws the steps of a graph in the order of the token. */
function draw(steps: readonly StepView[], drawing: Drawing): void {
  let before: { readonly id: string; readonly failed: boolean } | undefined;
  for (const step of steps) {
    const id = `n${drawing.ids.size}`;
    drawing.ids.set(pathKey(step.path), id);
    const name = label(step.path.at(-1)?.node ?? "");
    if (step.graphs.length === 0) drawing.lines.push(`${id}["${name}"]:::${classOf(step.status)}`);
    else {
      drawing.lines.push(`subgraph ${id}["${name} (${step.kind})"]`);
      for (const graph of step.graphs) {
        const inner = `n${drawing.ids.size}`;
        drawing.ids.set(`\0${inner}`, inner);
        drawing.lines.push(`subgraph ${inner}["${label(graph.branch ?? graph.key ?? `#${graph.index ?? 0}`)}"]`);
        draw(graph.steps, drawing);
        drawing.lines.push("end");
      }
      drawing.lines.push("end");
    }
    if (before !== undefined) drawing.lines.push(`${before.id} ${before.failed ? "-.->" : "-->"} ${id}`);
    before = { id, failed: step.status !== "success" };
  }
}

function classOf(status: NodeStatus): string {
  return status === "success" ? "success" : status === "failed" ? "failed" : "other";
}

/** Text in Mermaid's quotes: entities, and neither markup nor line breaks. */
function label(text: string): string {
  return shorten(text, 60).replace(/[^A-Za-z0-9 _.,/()=-]/gu, (character) => `#${character.codePointAt(0)};`);
}

/** Text in a cell of a table, shown as it is. */
function markdown(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
    .replace(/[\\`*[\]<>#|@~$&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
