import { describe, expect, it } from "vitest";
import { runTask } from "../attempt/step-harness.ts";

describe("a container's command", () => {
  it("is executed as it is, without a shell", async () => {
    const command = ["printf", "%s|", "a b", "$HOME", "*", ""];
    const { result, stdout } = await runTask({ type: "container", command });
    expect([result.status, stdout]).toEqual(["success", "a b|$HOME|*||"]);
  });

  it("gets the environment of every task, and answers in the file", async () => {
    const script =
      'echo "{\\"parameters\\": {\\"twice\\": $((n * 2))}}" >"$MAGNUS_OUTPUT_FILE"; export MAGNUS_PRM_other=1';
    const { result } = await runTask({ type: "container", command: ["sh", "-c", script] }, { visible: { n: 4 } });
    expect(result.delta).toEqual({ twice: 8 });
  });

  it("fails with its code, and by a program that is not there", async () => {
    expect((await runTask({ type: "container", command: ["sh", "-c", "exit 9"] })).result).toMatchObject({
      status: "failed",
      exitCode: 9,
    });
    expect((await runTask({ type: "container", command: ["no-such-program"] })).result).toMatchObject({
      status: "failed",
      reason: "cannot-start",
      message: "no-such-program: not found",
    });
  });
});
