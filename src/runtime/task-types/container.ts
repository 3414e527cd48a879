import type { Prepared, TaskContext, TaskType } from "./task-type.ts";

/** Arguments of a program, executed as they are, without a shell; it answers in MAGNUS_OUTPUT_FILE. */
export const containerTask: TaskType = {
  prepare: async ({ task: { command } }: TaskContext): Promise<Prepared> => {
    const [file = "", ...args] = typeof command === "string" ? [command] : command;
    return { kind: "command", file, args, answers: () => ({}) };
  },
};
