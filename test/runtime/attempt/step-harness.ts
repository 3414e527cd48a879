import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { CatalogFile, Event } from "../../../src/protocol/event.ts";
import type { Parameters, Path } from "../../../src/protocol/path.ts";
import type { StepSpec, TaskSpec } from "../../../src/protocol/step-spec.ts";
import { printedText, readLogLines } from "../../../src/run-log/record/log-lines.ts";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { openEventWriter } from "../../../src/run-log/record/write-events.ts";
import { claimAttempt } from "../../../src/runtime/attempt/claim-attempt.ts";
import { runStep } from "../../../src/runtime/attempt/run-step.ts";
import type { StepResult, StepRun, StepServices } from "../../../src/runtime/attempt/step-run.ts";
import { fileSystemCatalog } from "../../../src/stores/folder/catalog.ts";
import { bufferedRunLogStore } from "../../../src/stores/memory/buffered-run-log.ts";
import { environmentSecrets } from "../../../src/stores/secrets/secrets.ts";

export interface Ran {
  readonly result: StepResult;
  readonly events: readonly Event[];
  readonly services: StepServices;
  readonly stdout: string;
  readonly stderr: string;
  /** What the last attempt that has a log printed, by its log. */
  readonly log: string;
}

export interface Given {
  readonly task?: Partial<TaskSpec>;
  readonly spec?: Partial<StepSpec>;
  readonly step?: Partial<StepRun>;
  readonly visible?: Parameters;
  readonly items?: Parameters;
  readonly files?: readonly CatalogFile[];
  readonly secrets?: { readonly [name: string]: string };
  readonly services?: Partial<StepServices>;
}

export const leafPath: Path = [
  { node: "train", start: true, ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } },
];

/** A shell script through the whole runtime core, with a log in memory and a catalog in a new folder. */
export async function runShell(command: string, given: Given = {}): Promise<Ran> {
  return runTask({ type: "shell", command, ...given.task }, given);
}

export async function runTask(task: TaskSpec, given: Given = {}): Promise<Ran> {
  return run({ path: leafPath, task, ...given.spec }, given);
}

/** Runs a step; services that are not given are made anew. */
export async function run(spec: StepSpec, given: Given = {}): Promise<Ran> {
  const output = { stdout: "", stderr: "" };
  const services: StepServices = {
    ...newServices(given.secrets),
    output: (stream, chunk) => {
      output[stream] += Buffer.from(chunk).toString("latin1");
    },
    ...given.services,
  };
  const step: StepRun = {
    spec,
    path: spec.path,
    visible: given.visible ?? {},
    items: given.items ?? {},
    files: new Map((given.files ?? []).map((file) => [file.name, file])),
    round: 1,
    ...given.step,
  };
  const result = await runStep(step, services);
  const events = await readEvents(services.log);
  const stored = events.filter((event) => event.kind === "log.stored").at(-1);
  const blob = stored === undefined ? null : await services.log.get(stored.data.key);
  const text = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");
  return {
    result,
    events,
    services,
    stdout: text(output.stdout),
    stderr: text(output.stderr),
    log: Buffer.from(printedText(readLogLines(blob ?? new Uint8Array()))).toString("utf8"),
  };
}

export function newServices(secrets: { readonly [name: string]: string } = {}): Omit<StepServices, "output"> {
  const log = bufferedRunLogStore().open("run-1");
  const projectDir = newFolder();
  return {
    run: { id: "run-1", tag: "nightly" },
    log,
    writer: openEventWriter(log),
    catalog: fileSystemCatalog(join(newFolder(), "catalog")),
    secrets: environmentSecrets(secrets),
    credentials: [],
    projectDir,
    isolate: "auto",
    claimAttempt: (path, gather) => claimAttempt(log, path, gather),
    stop: new AbortController().signal,
    graceMs: 5000,
  };
}

/** A folder that is removed after the test. */
export function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "magnus-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function kindsOf(events: readonly Event[]): readonly string[] {
  return events.map((event) => event.kind);
}

type DataOf<K extends Event["kind"]> = Extract<Event, { kind: K }>["data"];

export function dataOf<K extends Event["kind"]>(events: readonly Event[], kind: K): readonly DataOf<K>[] {
  return events.filter((event) => event.kind === kind).map(({ data }) => data as DataOf<K>);
}
