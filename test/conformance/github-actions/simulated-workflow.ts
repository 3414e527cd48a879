import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import type { RunView } from "../../../src/run-log/views/view.ts";
import { localHost } from "../../../src/simulate/github-actions/host/local-host.ts";
import {
  type SimulationOptions,
  simulateWorkflow,
} from "../../../src/simulate/github-actions/run/simulate-workflow.ts";
import type {
  Annotation,
  SimulationEvent,
  WorkflowEnd,
} from "../../../src/simulate/github-actions/workflow/workflow-end.ts";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";
import { runMagnus } from "../../support/programs.ts";
import { workspace } from "../../support/workspace.ts";

/** A pipeline's workflow after a run in the simulator. */
export interface Simulated {
  readonly end: WorkflowEnd;
  /** The repository, compiled files among the others. */
  readonly folder: string;
  /** A folder for each artifact. */
  readonly artifacts: string;
  /** What steps printed, in order. */
  readonly printed: string;
  readonly annotations: readonly (Annotation & { readonly job: string })[];
  readonly summary: string;
  /** The run log of the artifact `run-log~…`, and where that is. */
  readonly log: RunView;
  readonly runs: string;
}

export interface Simulating extends SimulationOptions {
  /** Files beside the pipeline. */
  readonly files?: { readonly [name: string]: string };
  onEvent?(event: SimulationEvent): void;
}

/** Compiles a pipeline and runs its workflow; removes everything when the test is over. */
export async function simulatePipeline(pipeline: object, simulating: Simulating = {}): Promise<Simulated> {
  const { files = {}, onEvent, ...options } = simulating;
  const folder = workspace({ ...files, "p.yaml": JSON.stringify(pipeline) });
  const { code, stderr } = await runMagnus(["compile", "p.yaml", "--target", "github-actions", "-q"], { cwd: folder });
  if (code !== 0) throw new Error(stderr);
  const artifacts = mkdtempSync(path.join(tmpdir(), "magnus-artifacts-"));
  onTestFinished(() => rmSync(artifacts, { recursive: true, force: true }));
  const events: SimulationEvent[] = [];
  const host = localHost({
    project: folder,
    artifacts,
    grace: { interruptMs: 20_000, terminateMs: 2_500 },
    onEvent: (event) => {
      events.push(event);
      onEvent?.(event);
    },
  });
  const read = (file: string): string | undefined => {
    const place = path.join(folder, file);
    return existsSync(place) ? readFileSync(place, "utf8") : undefined;
  };
  const main = readdirSync(path.join(folder, ".github/workflows")).find((name) => !name.includes("--")) ?? "";
  const end = await simulateWorkflow(read, `.github/workflows/${main}`, host, { event: "workflow_call", ...options });
  const kept = readdirSync(artifacts).find((name) => name.startsWith("run-log~"));
  if (kept === undefined) throw new Error(`no run log: ${JSON.stringify(end, null, 1)}`);
  const runs = path.join(artifacts, kept);
  const [run = ""] = readdirSync(runs);
  return {
    end,
    folder,
    artifacts,
    printed: events.map((event) => (event.kind === "line" ? event.text : "")).join("\n"),
    annotations: end.jobs.flatMap((job) => job.annotations.map((each) => ({ ...each, job: job.path }))),
    summary: end.jobs.map((job) => job.summary).join(""),
    log: foldRun(await readEvents(fileSystemRunLogStore(runs).open(run))),
    runs,
  };
}

/** `job: conclusion` of all jobs that were not skipped. */
export function conclusions({ end }: Simulated): { readonly [job: string]: string } {
  return Object.fromEntries(
    end.jobs.filter(({ conclusion }) => conclusion !== "skipped").map((job) => [job.path, job.conclusion]),
  );
}

/** All text of files below a folder, their names among it. */
export function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const name = path.join(entry.parentPath, entry.name);
      return `${name}\n${entry.isFile() ? readFileSync(name, "latin1") : ""}`;
    })
    .join("\n");
}
