import { exitCode } from "../protocol/exit-codes.ts";
import { readSpec } from "../protocol/spec-text.ts";
import { closeRun } from "../run-log/close-run.ts";
import { openEventWriter } from "../run-log/record/write-events.ts";
import { printTree } from "../run-log/views/print-tree.ts";
import { failureLine, whyFailed } from "../run-log/views/why-failed.ts";
import { closeRunPlace } from "../runtime/directory/run-directory.ts";
import { StoreError } from "../stores/contract/store-error.ts";
import { visible } from "../system/visible.ts";
import { createRunWhereNobodyDid, readParameters } from "./create-where-missing.ts";
import { openSession, readArguments, readNames, readText } from "./session.ts";
import { trackedLog } from "./tracked-log.ts";

/**
 * `verdict`: declares lost what never finished, closes the run, prints it, exits by its outcome. A run that nobody created,
 * since its first step was lost, is created with what its spec and `--param-base64` say. `--cancelled`, or `--stopped true`
 * where a platform computes it: the run was stopped, and what did not finish is not lost. A run whose log cannot be read, or does
 * not say how it ended, has failed: its platform is told so by the same code.
 */
export async function giveVerdict(argv: readonly string[]): Promise<number> {
  const { values } = readArguments(argv, {
    spec: { type: "string" },
    names: { type: "string" },
    cancelled: { type: "boolean" },
    stopped: { type: "string" },
    "param-base64": { type: "string", multiple: true },
  });
  const spec = values.spec === undefined ? undefined : readSpec(readText(String(values.spec)), readNames(values.names));
  const cancelled = values.cancelled === true || values.stopped === "true";
  const { run, services } = openSession();
  try {
    const { log, tracker } = await trackedLog(services.runLogStore.open(run.id), services);
    const writer = openEventWriter(log);
    await createRunWhereNobodyDid(spec?.run, readParameters(values["param-base64"]), log, writer, run.tag);
    const tell = (why: string): void => void process.stderr.write(`magnus: ${why}\n`);
    const view = await closeRun(log, spec?.mayBeLost ?? [], cancelled, writer, tell);
    await tracker?.close();
    const kept = closeRunPlace(process.cwd(), run.id);
    process.stderr.write(`${printTree(view)}\n`);
    if (view.status === "failed") process.stderr.write(`${visible(failureLine(whyFailed(view)))}\n`);
    if (kept !== undefined) process.stderr.write(`magnus: ${kept}\n`);
    return view.status === "success" ? exitCode.success : exitCode.failed;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    process.stderr.write(`magnus: the run ${run.id} failed, since its log cannot be used: ${error.message}\n`);
    return exitCode.failed;
  }
}
