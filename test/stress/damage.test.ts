/**
 * Logs and blobs that a disk, a copy or an editor changed: every change is told of, or what is shown stays the same. The
 * changes are the same in every run of the test.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { verifyRun } from "../../src/cli/commands/runs-verify.ts";
import { printJson } from "../../src/protocol/json.ts";
import { readRun } from "../../src/run-log/record/read-run.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { normalise } from "../../src/run-log/views/normalise.ts";
import { printTree } from "../../src/run-log/views/print-tree.ts";
import { openServices } from "../../src/services/open-services.ts";
import { magnus, run, shim } from "../support/programs.ts";

const pipeline = `
name: damaged
parameters: {n: [1, 2, 3]}
dag:
  steps:
    - name: write
      type: task
      command_type: shell
      command: |
        echo "a line that is kept"; echo content >file.txt
        export MAGNUS_PRM_large="$(head -c 40000 /dev/zero | tr '\\0' x)"
      catalog: {put: [file.txt]}
    - name: each
      type: map
      iterate_on: n
      iterate_as: i
      branch:
        steps:
          - {name: work, type: task, command_type: shell, command: "echo item $i; export MAGNUS_PRM_square=$((i * i))"}
    - {name: fails, type: task, command_type: shell, command: "exit 3", on_failure: last, next: last}
    - {name: last, type: task, command_type: shell, command: "cat file.txt", catalog: {get: [file.txt]}}
`;

/** Of a run by one process, and of one whose steps were processes of their own. */
const runs = ["by-one", "by-many"] as const;
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "magnus-damage-"));
  writeFileSync(path.join(folder, "pipeline.yaml"), pipeline);
  const options = { cwd: folder, env: { MAGNUS_SHIM: shim } };
  expect(
    (await run(process.execPath, [magnus, "run", "pipeline.yaml", "-q", "--run-id", "by-one"], options)).code,
  ).toBe(0);
  await run(process.execPath, [magnus, "compile", "pipeline.yaml", "--target", "shell", "-q"], options);
  expect((await run("sh", ["damaged.sh", "--run-id", "by-many"], options)).code).toBe(0);
  return () => rmSync(folder, { recursive: true, force: true });
});

describe.each(runs)("a run %s", (id) => {
  test("of 1,000 changes to its files, each is told of or changes nothing", async () => {
    const files = filesOf(id);
    const whole = await look(id);
    expect(whole.told).toEqual([]);
    const next = random(id === "by-one" ? 1 : 2);
    const silent: string[] = [];
    let reported = 0;
    for (let i = 0; i < 1000; i++) {
      const file = files[next(files.length)] ?? "";
      const before = readFileSync(file);
      const [what, after] = change(before, next);
      if (after === null) rmSync(file);
      else write(file, after);
      const { told, shown } = await look(id);
      if (told.length > 0) reported++;
      else if (shown !== whole.shown) silent.push(`${what} in ${path.relative(folder, file)}`);
      write(file, before);
    }
    expect(silent).toEqual([]);
    expect(reported).toBeGreaterThan(600);
  });

  test("without checksums, as earlier versions wrote it, no change ends in a defect", async () => {
    const files = filesOf(id).filter((file) => file.endsWith(".ndjson"));
    const checked = files.map((file) => readFileSync(file));
    for (const [at, file] of files.entries()) write(file, withoutChecks(checked[at] ?? Buffer.alloc(0)));
    expect((await look(id)).told).toEqual([]);
    const next = random(3);
    for (let i = 0; i < 300; i++) {
      const file = files[next(files.length)] ?? "";
      const before = readFileSync(file);
      const after = change(before, next)[1];
      if (after === null) rmSync(file);
      else write(file, after);
      // Throws what is none of a damaged log's errors.
      await look(id);
      write(file, before);
    }
    for (const [at, file] of files.entries()) write(file, checked[at] ?? Buffer.alloc(0));
  });
});

/** What is shown of a run, and what `runs verify` tells of it. */
async function look(id: string): Promise<{ readonly told: readonly string[]; readonly shown: string }> {
  const services = openServices({}, {}, folder, {});
  const log = services.runLogStore.open(id);
  const { damage, closed } = await verifyRun(log, services, true);
  const told = closed ? damage : [...damage, "not closed"];
  if (told.length > 0) return { told, shown: "" };
  const view = foldRun((await readRun(log)).events);
  const logs = view.steps.flatMap(({ attempts }) => attempts.flatMap(({ log: stored }) => stored?.key ?? []));
  const contents = await Promise.all(logs.map(async (key) => Buffer.from((await log.get(key)) ?? "").toString("hex")));
  return { told, shown: [printTree(view), printJson(normalise(view)), ...contents].join("\n") };
}

/** All files of a run and of the catalog, which both runs share. */
function filesOf(id: string): readonly string[] {
  const roots = [".magnus/catalog", ...["events", "logs", "values"].map((part) => `.magnus/runs/${id}/${part}`)];
  return roots
    .flatMap((root) =>
      readdirSync(path.join(folder, root), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name)),
    )
    .sort();
}

/** Stored files are read-only. */
function write(file: string, content: Uint8Array): void {
  rmSync(file, { force: true });
  writeFileSync(file, content);
}

/** Null: the file is removed. */
function change(bytes: Buffer, next: (below: number) => number): readonly [string, Buffer | null] {
  const lines = bytes.toString("latin1").split(/(?<=\n)/);
  const [one, other] = [next(lines.length), next(lines.length)];
  const joined = (changed: readonly string[]): Buffer => Buffer.from(changed.join(""), "latin1");
  switch (next(7)) {
    case 0:
      return ["a line that is doubled", joined(lines.toSpliced(other, 0, lines[one] ?? ""))];
    case 1: {
      const swapped = lines.map((line, at) =>
        at === one ? (lines[other] ?? "") : at === other ? (lines[one] ?? "") : line,
      );
      return ["two lines that are swapped", joined(swapped)];
    }
    case 2:
      return ["a line that is cut out", joined(lines.toSpliced(one, 1))];
    case 3:
      return ["an end that is cut off", bytes.subarray(0, next(bytes.length + 1))];
    case 4:
      return ["a whole file that is removed", null];
    default: {
      const flipped = Buffer.from(bytes);
      const at = next(bytes.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << next(8));
      return [`a bit that is flipped at ${at}`, flipped];
    }
  }
}

function withoutChecks(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replace(/,"crc":"[0-9a-f]{8}"\}$/gm, "}"), "latin1");
}

/** Numbers below a bound, the same for the same seed (a linear congruential generator). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
