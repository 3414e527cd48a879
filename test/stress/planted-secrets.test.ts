import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { run, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const token = 'tok/3n+with "quotes" & ümlaut~7391';
const key = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA7\nq8Zx+/plantedkey==\n-----END KEY-----";

/** Prints both secrets in every form, in pieces, on both streams, and fails with one in the exception. */
const stepsPy = `import base64, json, os, sys, time, urllib.parse

def forms(text):
    data = text.encode()
    yield text
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + data + b"tail").decode()
        yield base64.urlsafe_b64encode(b"x" * shift + data).decode()
    yield urllib.parse.quote(text, safe="")
    yield urllib.parse.quote_plus(text)
    yield json.dumps(text)
    yield json.dumps(text, ensure_ascii=False)
    for line in text.split("\\n"):
        yield "a line: " + line

def leak():
    for text in (os.environ["TOKEN"], os.environ["KEY"]):
        for form in forms(text):
            for stream in (sys.stdout, sys.stderr):
                stream.write("form " + form + "\\n")
            for part in (form[:9], form[9:17], form[17:]):
                os.write(1, part.encode())
                time.sleep(0.002)
            os.write(1, b"\\n")
    for name in sorted(os.listdir("/proc")):
        if name.isdigit():
            try:
                with open("/proc/%s/cmdline" % name, "rb") as file:
                    line = file.read()
            except OSError:
                continue
            with open("process-list", "ab") as out:
                out.write(line + b"\\n")

def fail():
    leak()
    raise ValueError("cannot use " + os.environ["TOKEN"] + " and " + os.environ["KEY"])

def publish():
    leak()
    return {"a": os.environ["TOKEN"], "b": [os.environ["KEY"]]}

def name_file():
    with open(os.environ["TOKEN"].replace("/", "_")[:3] + "-planted", "w") as file:
        file.write("x")
    raise KeyError(json.dumps(os.environ["KEY"]))
`;

const pipeline = `dag:
  start_at: leak
  steps:
    leak: {type: task, command: steps.leak, secrets: [TOKEN, KEY], next: raise, on_failure: raise}
    raise: {type: task, command: steps.fail, secrets: [TOKEN, KEY], max_attempts: 2, next: publish, on_failure: publish}
    publish: {type: task, command: steps.publish, secrets: [TOKEN, KEY], next: shell, on_failure: shell}
    shell:
      type: task
      command_type: shell
      secrets: [TOKEN, KEY]
      command: |
        set -x
        echo "$TOKEN" "$KEY"; printf %s "$KEY" | base64 -w0; echo
        export MAGNUS_TRACK_x="$KEY"
        exit 3
      next: name
      on_failure: name
    name: {type: task, command: steps.name_file, secrets: [TOKEN, KEY], catalog: {put: ["*-planted"]}, next: success}
`;

/** What nobody may read anywhere, in bytes: each secret's forms without what stands around them. */
function planted(): readonly string[] {
  const lines = key.split("\n");
  const inner = (text: string, shift: number): string =>
    Buffer.from(`${"x".repeat(shift)}${text}`)
      .toString("base64")
      .replace(/=+$/, "")
      .slice(4, -4);
  return [token, key, ...lines].flatMap((text) => [
    text,
    ...[0, 1, 2].map((shift) => inner(text, shift)),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    // Half of it, too.
    text.slice(0, Math.max(8, text.length / 2)),
    text.slice(-Math.max(8, text.length / 2)),
  ]);
}

function contentOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return `${file}\n${entry.isFile() ? readFileSync(file, "latin1") : ""}`;
    })
    .join("\n");
}

test.for(["run", "shell"] as const)("no secret is in anything that is shown or stored: %s", async (how) => {
  const cwd = workspace({
    "pipeline.yaml": pipeline,
    "steps.py": stepsPy,
    "magnus-config.yaml": "secrets: {type: files, config: {location: ./kept}}\n",
    "kept/TOKEN": token,
    "kept/KEY": key,
  });
  const options = { cwd, env: { MAGNUS_SHIM: shim } };
  if (how === "shell") await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], options);
  const ended =
    how === "run"
      ? await runMagnus(["run", "pipeline.yaml", "--verbose"], options)
      : await run("sh", ["pipeline.sh"], options);
  expect(ended.code, ended.stderr).toBe(1);
  const shown = await runMagnus(["runs", "show", "latest", "--json"], { cwd });
  expect(JSON.parse(shown.stdout).steps).toHaveLength(5);
  const exported = await runMagnus(["runs", "export", "latest"], { cwd });
  const tree = await runMagnus(["runs", "show", "latest"], { cwd });
  const logs = await runMagnus(["runs", "log", "latest", "raise"], { cwd });
  expect(logs.stdout).toContain("form ***");
  expect(logs.stdout).toContain("ValueError: cannot use *** and ***");
  const processList = readFileSync(path.join(cwd, "process-list"), "latin1");
  expect(processList).toContain("steps.leak");
  const everything = [
    ...[ended, shown, exported, tree, logs].flatMap(({ stdout, stderr }) => [stdout, stderr]),
    contentOf(path.join(cwd, ".magnus")),
    how === "shell" ? readFileSync(path.join(cwd, "pipeline.sh"), "utf8") : "",
    processList,
  ].map((text) => Buffer.from(text).toString("latin1"));
  for (const secret of planted()) {
    const bytes = Buffer.from(secret).toString("latin1");
    for (const text of everything) {
      const at = text.indexOf(bytes);
      expect(at < 0 ? "" : text.slice(Math.max(0, at - 60), at + 60), secret).toBe("");
    }
  }
});
