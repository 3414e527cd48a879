import type { CodeTable } from "./code-entry.ts";
import { quote, quoteList } from "./quote.ts";
import { didYouMean } from "./suggest.ts";

/** The command line and targets. */
export const commandCodes = {
  "no-such-file": {
    severity: "error",
    message: ({ name, cause }: { name: string; cause: string }) => `cannot read ${name}: ${cause}`,
    hint: ({ remedy, near }: { remedy: keyof typeof fileRemedies | undefined; near: string | undefined }) =>
      didYouMean(near) ?? (remedy === undefined ? undefined : fileRemedies[remedy]),
  },
  "unknown-target": {
    severity: "error",
    message: ({ name }: { name: string }) => `unknown target "${name}"`,
    hint: ({ suggestion, names }: { suggestion: string | undefined; names: readonly string[] }) =>
      didYouMean(suggestion) ?? `targets: ${names.join(", ")}`,
  },
  "cannot-run-here": {
    severity: "error",
    message: ({ what, where }: { what: string; where: string }) => `${where} cannot run ${what}`,
    hint: ({ able }: { able: string }) => able,
  },
  "unknown-override": {
    severity: "error",
    message: ({ chosen, name }: { chosen: string; name: string }) =>
      `the configuration of ${name} has no override "${chosen}", which this step uses`,
    hint: ({
      suggestion,
      variations,
      name,
    }: {
      suggestion: string | undefined;
      variations: readonly string[];
      name: string;
    }) =>
      didYouMean(suggestion) ??
      (variations.length === 0
        ? `add it under \`overrides\` of ${name}`
        : `overrides of ${name}: ${variations.join(", ")}`),
  },
  "step-without-image": {
    severity: "error",
    message: ({ target, names }: { target: string; names: readonly string[] }) =>
      names.length === 1
        ? `${target} has no image to run this step in`
        : `${target} has no image to run ${names.length} steps in: ${quoteList(names, "and", 5)}`,
    hint: ({ target, names }: { target: string; names: readonly string[] }) =>
      `set \`targets.${target}.image\` for all, or \`image\` under \`defaults\` or on the ${names.length === 1 ? "step" : "steps"}`,
  },
  "secret-without-source": {
    severity: "error",
    message: ({ name, target }: { name: string; target: string }) =>
      `the configuration of ${target} does not say where the secret ${name} comes from`,
    hint: ({ hint }: { hint: string }) => hint,
  },
  "target-option-missing": {
    severity: "error",
    message: ({ target, what }: { target: string; what: string }) => `cannot compile for ${target}: ${what}`,
    hint: ({ hint }: { hint: string }) => hint,
  },
  "target-limit": {
    severity: "error",
    message: ({ target, what }: { target: string; what: string }) => `over a limit of ${target}: ${what}`,
    hint: ({ hint }: { hint: string }) => hint,
  },
  "simulates-a-pipeline": {
    severity: "error",
    message: ({ name }: { name: string }) => `${name} is a pipeline; simulate runs compiled files`,
    hint: ({ name, target }: { name: string; target: string }) =>
      `magnus compile ${name} --target ${target} -o build, then magnus simulate build/…; to run it here: magnus run ${name}`,
  },
  "not-one-file": {
    severity: "error",
    message: ({ count }: { count: number }) => `-o - prints a single file, but this target writes ${count}`,
    hint: () => "give a folder: -o DIR",
  },
  "cannot-write": {
    severity: "error",
    message: ({ name, cause }: { name: string; cause: string }) => `cannot write ${name}: ${cause}`,
    hint: ({ hint }: { hint: string }) => hint,
  },
  "unusable-file": {
    severity: "error",
    message: ({ name, problem }: { name: string; problem: string }) => `${quote(name)} cannot be included: ${problem}`,
    hint: () => "a pipeline can include only regular files in its project: copy it there",
  },
  "run-exists": {
    severity: "error",
    message: ({ run }: { run: string }) => `the run ${run} exists already; a run is never overwritten`,
    hint: () => "choose another --run-id, or leave it out",
  },
  "bad-run-id": {
    severity: "error",
    message: ({ run }: { run: string }) => `${quote(run)} is not a valid run id: it is used as a folder name`,
    hint: () => "use at most 200 visible characters, without / and \\, and do not start with a dot",
  },
  "no-such-run": {
    severity: "error",
    message: ({ run, store }: { run: string; store: string }) => `no run "${run}" in ${store}`,
    hint: ({ isEmpty }: { isEmpty: boolean }) =>
      isEmpty
        ? "there are no runs yet: start one with `magnus run PIPELINE`"
        : "`magnus runs list` shows the runs; an unambiguous prefix is enough",
  },
  "ambiguous-run": {
    severity: "error",
    message: ({ run, fits }: { run: string; fits: readonly string[] }) =>
      `"${run}" matches several runs: ${fits.join(", ")}`,
    hint: () => "give more characters of it",
  },
  "run-not-left": {
    severity: "error",
    message: ({ run, owner, isAlive, target }: NotLeft) => {
      if (owner === undefined)
        return `the log of run ${run} names no process to look for${target === undefined ? "" : ` (${target} runs it)`}`;
      const process = `the process of run ${run}, ${owner.pid} on ${owner.host},`;
      return isAlive
        ? `${process} is still alive: the run goes on`
        : `${process} cannot be seen from here: it is on another machine, in a container, or from before a restart`;
    },
    hint: ({ run, owner, isAlive }: NotLeft) =>
      isAlive
        ? `wait for it, or stop it: kill ${owner?.pid ?? ""}`
        : `if you know that nothing of it is still running: magnus runs close ${run} --gone`,
  },
  "damaged-run": {
    severity: "warning",
    message: ({ run, damage }: { run: string; damage: readonly string[] }) =>
      `the log of the run ${run} is damaged: ${damage[0]}${damage.length > 1 ? `, and ${damage.length - 1} more` : ""}`,
    hint: ({ run }: { run: string }) => `\`magnus runs verify ${run}\` lists all that is wrong`,
  },
  "unreadable-log": {
    severity: "error",
    message: ({ cause }: { cause: string }) => `the run's log is damaged: ${cause}`,
    hint: () =>
      "`magnus runs verify` lists what is wrong with each run; `magnus runs pull` gets a copy from another store",
  },
  "no-such-step": {
    severity: "error",
    message: ({ step, run }: { step: string; run: string }) => `run ${run} has no step "${step}" that ran`,
    hint: ({ suggestion, names }: { suggestion: string | undefined; names: readonly string[] }) =>
      didYouMean(suggestion) ??
      (names.length === 0
        ? "none has run yet; `magnus runs show RUN` shows where it is"
        : `steps: ${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`),
  },
  "no-step-named": {
    severity: "error",
    message: ({ run }: { run: string }) => `which step of run ${run}? Write: magnus runs log RUN STEP`,
    hint: ({ names }: { names: readonly string[] }) =>
      names.length === 0
        ? "no step has run yet"
        : `steps: ${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`,
  },
  "no-log": {
    severity: "error",
    message: ({ step }: { step: string }) =>
      `no log of "${step}" is stored: the attempt does not exist, or has not ended`,
    hint: () => "`magnus runs show RUN` shows what ran",
  },
  "lost-log": {
    severity: "error",
    message: ({ step, cause }: { step: string; cause: string }) =>
      `the output of ${quote(step)} is missing, or incomplete, in the run log: ${cause}`,
  },
  "executor-unusable": {
    severity: "error",
    message: ({ from, cause }: { from: string; cause: string }) =>
      `${from}the executor local-container cannot be used: ${cause}`,
    hint: ({ hint }: { hint: string }) => hint,
  },
  "unknown-patch": {
    severity: "error",
    message: ({ from, step }: { from: string; step: string }) =>
      `${from}a patch names "${step}", but the pipeline has no such task`,
    hint: ({ suggestion }: { suggestion: string | undefined }) =>
      didYouMean(suggestion) ?? "a patch uses the step's own name, without those of the steps around it",
  },
  "service-unusable": {
    severity: "error",
    message: ({ cause }: { cause: string }) => cause,
    hint: () => "`magnus doctor` checks each configured service",
  },
} satisfies CodeTable;

interface NotLeft {
  readonly run: string;
  readonly owner: { readonly pid: number; readonly host: string } | undefined;
  readonly isAlive: boolean;
  readonly target: string | undefined;
}

const fileRemedies = {
  "another-name": "paths are relative to the current folder",
  "utf-8": "save it as UTF-8",
  "a-file": "name a file in it",
};
