import { errorCode } from "./error-code.ts";

/** Whether a server was not reached, or went away in the midst; another try may reach it. */
export function isUnreachable(error: unknown): boolean {
  return unreachable.includes(errorCode(error) ?? "");
}

const unreachable = ["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "EHOSTUNREACH"];
