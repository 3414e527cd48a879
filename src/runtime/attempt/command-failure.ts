import type { TaskSpec } from "../../protocol/step-spec.ts";
import { statedTime } from "../../system/duration.ts";
import type { Redactor } from "../masking/redactor.ts";
import { openOutOfMemory } from "../taken/out-of-memory.ts";
import type { Answers, Failure } from "../task-types/task-type.ts";
import type { Ended } from "./spawn.ts";

/** How a command itself failed, if it did; what its language says of it comes before a bare exit code. */
export function commandFailure(
  task: TaskSpec,
  ended: Ended,
  answers: Answers,
  redactor: Redactor,
): Failure | undefined {
  if (ended.kind === "cannot-start") return { reason: "cannot-start", message: ended.message };
  if (ended.timedOut) return { reason: "timeout", message: `timed out after ${statedTime(task.timeoutMs ?? 0)}` };
  const killed = ended.exitCode === 137 && outOfMemory().happened();
  if (killed) return { reason: "out-of-memory", message: "killed by the system: out of memory" };
  if (answers.failure !== undefined) return { ...answers.failure, message: redactor.redact(answers.failure.message) };
  // The system's way where memory runs out, which it tells only where groups of processes are counted.
  const perhaps = ended.signal === "SIGKILL" || ended.exitCode === 137 ? " (out of memory?)" : "";
  if (ended.signal !== undefined) return { reason: "signal", message: `killed by ${ended.signal}${perhaps}` };
  return ended.exitCode === 0 ? undefined : { reason: "exit", message: `exit code ${ended.exitCode}${perhaps}` };
}

let memory: ReturnType<typeof openOutOfMemory> | undefined;

/** Counts from the first call. */
export function outOfMemory(): ReturnType<typeof openOutOfMemory> {
  memory ??= openOutOfMemory();
  return memory;
}
