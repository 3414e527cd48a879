import type { StepStatus } from "../../protocol/event.ts";

export type NodeStatus = StepStatus | "running" | "lost";
