import { argumentText } from "../protocol/argument-text.ts";
import { mergeParameters } from "../protocol/merge-parameters.ts";
import type { Parameters } from "../protocol/path.ts";
import type { RunSpec } from "../protocol/step-spec.ts";
import { createRun } from "../run-log/record/create-run.ts";
import { readEvents } from "../run-log/record/read-events.ts";
import type { EventWriter } from "../run-log/record/write-events.ts";
import { codeIdentity } from "../runtime/given/code-identity.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import { declaredIn } from "./begin-run.ts";
import { readText } from "./session.ts";
import { targetName } from "./target-name.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The run's first step creates it; where that one was lost, a step to which its failure leads does, or the verdict.
 * `given`: parameters as `name=text`. Throws UsageError where they cannot be read.
 */
export async function createRunWhereNobodyDid(
  run: RunSpec | undefined,
  given: readonly string[],
  log: RunLog,
  writer: EventWriter,
  tag?: string,
): Promise<void> {
  if (run === undefined || (await readEvents(log)).some((event) => event.kind === "run.created")) return;
  const parameters = initialParameters(run, given);
  if (!(await log.claim("run.created"))) return;
  const { pipeline, digest } = run;
  await createRun(writer, {
    pipeline,
    digest,
    parameters,
    target: targetName(undefined),
    ...(tag ? { tag } : {}),
    code: codeIdentity(process.cwd()),
  });
}

/** Values of `--param-base64`, or `@file`s of them, as `name=text`: `name=BASE64`, which nothing on the way could touch. */
export function readParameters(values: readonly (string | boolean)[] = []): readonly string[] {
  return values.map((value) => {
    const [, name, text] = /^(.*?=)(.*)$/s.exec(readText(String(value))) ?? [];
    if (name === undefined) throw new UsageError(`--param-base64 ${value}: expected name=BASE64`);
    return name + Buffer.from(text ?? "", "base64").toString();
  });
}

/** The defaults, overlaid by what the platform hands over as `name=text`; a text that it never changed is the default. */
function initialParameters(run: RunSpec, given: readonly string[]): Parameters {
  const changed = given.filter((param) => {
    const name = param.slice(0, param.indexOf("="));
    const usual = Object.hasOwn(run.parameters, name) ? run.parameters[name] : undefined;
    return usual === undefined || param !== `${name}=${argumentText(usual)}`;
  });
  const merged = mergeParameters({ declared: declaredIn(run), environment: {}, flags: changed, text: run.text ?? [] });
  for (const warning of merged.warnings) process.stderr.write(`magnus-shim: warning: ${warning}\n`);
  if (merged.errors.length > 0) throw new UsageError(merged.errors.join("\nmagnus-shim: "));
  return merged.parameters;
}
