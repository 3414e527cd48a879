import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { dataOf, newServices, runShell } from "../attempt/step-harness.ts";

describe("a step with secrets", () => {
  const secrets = { TOKEN: "s3cret-token", OTHER: "other-secret" };

  it("gets those that it declares", async () => {
    const { stdout } = await runShell('[ "$TOKEN" = s3cret-token ] && env | grep -c ^OTHER=', {
      secrets,
      task: { secrets: ["TOKEN"] },
    });
    expect(stdout).toBe("0\n");
  });

  it("fails where one is missing, and names it", async () => {
    const { result } = await runShell("true", { secrets, task: { secrets: ["TOKEN", "MISSING"] } });
    expect(result).toMatchObject({ status: "failed", reason: "missing-secret" });
    expect(result.message).toBe('the secret "MISSING" was not found in environment');
  });

  it("shows none of them: not in output, log, command, message or events", async () => {
    const services = newServices(secrets);
    const script = `echo "$TOKEN"; printf %s "$TOKEN" | base64 >&2; printf 's3cret-'; sleep 0.05; echo token; # s3cret-token`;
    const { stdout, stderr, log } = await runShell(script, { services, task: { secrets: ["TOKEN"] } });
    expect(stdout).toBe("***\n***\n");
    expect(stderr).toMatch(/^\*\*\*.?=*\n$/);
    expect(log).not.toContain("s3cret");
    expect(JSON.stringify(await readEvents(services.log))).not.toContain("s3cret-token");
  });

  it("shows no credential of the stores either, whoever declares what", async () => {
    const services = { ...newServices(secrets), credentials: ["key-of-the-store"] };
    const { stdout, log } = await runShell("echo key-of-the-store s3cret-token", { services });
    expect([stdout, log]).toEqual(["*** s3cret-token\n", "*** s3cret-token\n"]);
    const both = await runShell("echo key-of-the-store s3cret-token", { services, task: { secrets: ["TOKEN"] } });
    expect(both.stdout).toBe("*** ***\n");
    const published = await runShell("export MAGNUS_PRM_x=key-of-the-store", { services });
    expect(published.result.message).toBe('the parameter "x" contains a secret');
  });

  it("what is held back at the end is shown", async () => {
    const { stdout, log } = await runShell("printf 'ends with s3cret'", { secrets, task: { secrets: ["TOKEN"] } });
    expect([stdout, log]).toEqual(["ends with s3cret", "ends with s3cret"]);
  });

  it("is masked in an exception's message", async () => {
    const services = newServices(secrets);
    writeFileSync(
      join(services.projectDir, "steps.py"),
      "import os\ndef work(): raise ValueError(os.environ['TOKEN'])\n",
    );
    const { result, stderr } = await runShell("steps.work", { services, task: { type: "python", secrets: ["TOKEN"] } });
    expect(result.message).toBe("ValueError: ***");
    expect(stderr).toContain("ValueError: ***");
  });

  it.each([
    ["parameter", 'export MAGNUS_PRM_x="{\\"in\\": \\"a $TOKEN\\"}"'],
    ["metric", 'export MAGNUS_TRACK_x="$TOKEN"'],
    ["parameter", 'echo "{\\"parameters\\": {\\"x\\": [\\"$TOKEN\\"]}}" >"$MAGNUS_OUTPUT_FILE"'],
  ])("a %s that has one fails the step, naming neither value", async (what, script) => {
    const { result, services } = await runShell(script, { secrets, task: { secrets: ["TOKEN"] } });
    expect(result).toMatchObject({ status: "failed", reason: "secret-in-output", delta: {} });
    expect(result.message).toBe(`the ${what} "x" contains a secret`);
    expect(JSON.stringify(await readEvents(services.log))).not.toContain("s3cret-token");
  });

  it("a short one is not masked, with a warning that names it", async () => {
    const { stdout, events } = await runShell('echo "$PIN"', { secrets: { PIN: "1234" }, task: { secrets: ["PIN"] } });
    expect(stdout).toBe("1234\n");
    expect(dataOf(events, "warning")).toEqual([
      { message: 'the secret "PIN" is shorter than 6 characters: it is not masked in logs' },
    ]);
  });
});
