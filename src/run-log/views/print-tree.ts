import { measuredTime } from "../../system/duration.ts";
import { shorten } from "../../system/shorten.ts";
import { visible } from "../../system/visible.ts";
import type { NodeStatus } from "../replay/node-status.ts";
import type { AttemptView, GraphView, RunView, StepView } from "./view.ts";

export interface TreeStyle {
  /** Wraps the text of a status; the identity where there is no colour. */
  readonly paint?: (status: NodeStatus, text: string) => string;
  /** Width of the screen, in characters: names are cut so that what follows them is seen; absent: not cut. */
  readonly columns?: number;
  /** Graphs of one map or loop that are printed in full; of more, only those that did not succeed. */
  readonly most?: number;
  /** Milliseconds since the epoch: steps that run show for how long. */
  readonly now?: number;
}

/** A run for people: a heading, its steps in the order of the token, aligned, its pages, what merges warn of; no trailing newline. */
export function printTree(view: RunView, style: TreeStyle = {}): string {
  const { paint = (_, text) => text, columns, most = 20, now } = style;
  const rows = stepRows(view.steps, 1, { most, now });
  const longest = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(16, columns - besideNames);
  // Not by spreading into Math.max: a run may have more steps than a call may have arguments.
  const width = Math.min(
    60,
    longest,
    rows.reduce((widest, { label }) => Math.max(widest, [...label].length), 0),
  );
  const lines = rows.map(({ label, status, detail }) => {
    if (status === undefined) return label;
    return `${pad(label, width, longest)}  ${paint(status, status.padEnd(9))}${detail === "" ? "" : `  ${detail}`}`.trimEnd();
  });
  const time = duration(view.startedAt, view.finishedAt);
  const name = view.created?.pipeline ?? "";
  const heading = [`run ${view.run}`, name, paint(view.status, view.status), time]
    .filter((part) => part !== "")
    .join("  ");
  const links = (view.links ?? []).map(({ title, url }) => `  ${visible(title)}: ${visible(url)}`);
  const damage = noteLines("damaged", view.damage ?? []);
  return [heading, ...lines, ...links, ...noteLines("warning", view.warnings), ...damage].join("\n");
}

/** More are only counted. */
const mostNotes = 5;

function noteLines(kind: "warning" | "damaged", notes: readonly string[]): readonly string[] {
  const shown = notes.slice(0, mostNotes).map((text) => `  ${kind}: ${visible(text)}`);
  const rest = notes.length - shown.length;
  return rest === 0 ? shown : [...shown, `  … and ${rest} more ${kind === "warning" ? "warnings" : "damages"}`];
}

/** What a status, a time and the blanks between take of a row. Characters. */
const besideNames = 22;

/** To a width, in characters; what is longer than `longest` is cut. */
function pad(label: string, width: number, longest: number): string {
  const characters = [...label];
  if (characters.length > longest) return `${characters.slice(0, longest - 1).join("")}…`;
  return label + " ".repeat(Math.max(0, width - characters.length));
}

interface Row {
  readonly label: string;
  /** Absent: a line that is only said. */
  readonly status?: NodeStatus;
  readonly detail: string;
}

interface Shown {
  readonly most: number;
  readonly now: number | undefined;
}

function stepRows(steps: readonly StepView[], depth: number, shown: Shown): readonly Row[] {
  return steps.flatMap((step) => {
    const name = visible(step.path.at(-1)?.node ?? "");
    const row = { label: `${"  ".repeat(depth)}${name}`, status: step.status, detail: detailOf(step, shown.now) };
    return [row, ...graphRows(step, depth + 1, shown)];
  });
}

function graphRows({ graphs }: StepView, depth: number, shown: Shown): readonly Row[] {
  const { most } = shown;
  const some = graphs.length <= most ? graphs : graphs.filter((graph) => graph.status !== "success").slice(0, most);
  const rest = graphs.length - some.length;
  const rows = some.flatMap((graph) => {
    const label = labelOf(graph);
    if (label === undefined) return stepRows(graph.steps, depth, shown);
    const row = { label: `${"  ".repeat(depth)}${label}`, status: graph.status, detail: "" };
    return [row, ...stepRows(graph.steps, depth + 1, shown)];
  });
  return rest === 0 ? rows : [...rows, { label: `${"  ".repeat(depth)}… and ${rest} more`, detail: "" }];
}

function labelOf(graph: GraphView): string | undefined {
  if (graph.branch !== undefined) return `· ${visible(graph.branch)}`;
  if (graph.index === undefined) return undefined;
  return `· ${graph.key === undefined || graph.key === "" ? `#${graph.index}` : graph.key}`;
}

function detailOf(step: StepView, now: number | undefined): string {
  if (step.control?.value === "fault") return firstLine(step.control.message ?? step.control.reason ?? "fault");
  const last = step.attempts.at(-1);
  if (last === undefined) return step.graphs.length === 0 ? "" : step.kind;
  const ms = last.durationMs ?? runningFor(last, now);
  const time = ms === undefined ? "" : measuredTime(ms);
  const attempt = step.attempts.length > 1 ? `attempt ${step.attempts.length}` : "";
  return [time, attempt, last.status === "success" ? "" : whyOf(last)].filter((part) => part !== "").join("  ");
}

function runningFor({ status, startedAt }: AttemptView, now: number | undefined): number | undefined {
  return status === "running" && startedAt !== undefined && now !== undefined ? now - Date.parse(startedAt) : undefined;
}

function whyOf(attempt: AttemptView): string {
  return firstLine(attempt.message ?? attempt.reason ?? (attempt.status === "lost" ? "never finished" : ""));
}

function firstLine(text: string): string {
  const line = text.split("\n", 1)[0] ?? "";
  return visible(shorten(line, 100));
}

function duration(from: string | undefined, to: string | undefined): string {
  return from === undefined || to === undefined ? "" : measuredTime(Date.parse(to) - Date.parse(from));
}
