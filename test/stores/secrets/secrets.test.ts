import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { dotenvSecrets, environmentSecrets, fileSecrets, secretsFrom } from "../../../src/stores/secrets/secrets.ts";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "magnus-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("the sources of secrets", () => {
  it("the environment, with prefix and suffix", () => {
    const secrets = environmentSecrets({ P_KEY_S: "value" }, { prefix: "P_", suffix: "_S" });
    expect(secrets.get("KEY")).toBe("value");
    expect(secrets.get("OTHER")).toBeUndefined();
  });

  it("a folder of files, without the line break at the end", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "KEY"), "two\nlines\n");
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "x"), "1");
    const secrets = fileSecrets(folder);
    expect(secrets.get("KEY")).toBe("two\nlines");
    expect(secrets.get("missing")).toBeUndefined();
    expect(secrets.get("sub/x")).toBeUndefined();
    expect(secrets.get("../KEY")).toBeUndefined();
    expect(fileSecrets(join(folder, "nowhere")).get("KEY")).toBeUndefined();
  });

  it("dotenv files", () => {
    const file = join(newFolder(), ".env");
    writeFileSync(file, `# comment\nA=1\nexport B="two\nNAME: not yaml\n"\nC='x: y'\nURL=http://x:80\n`);
    const secrets = dotenvSecrets(file);
    expect(["A", "B", "C", "URL", "D"].map((name) => secrets.get(name))).toEqual([
      "1",
      "two\nNAME: not yaml\n",
      "x: y",
      "http://x:80",
      undefined,
    ]);
    expect(dotenvSecrets(join(newFolder(), "missing")).get("A")).toBeUndefined();
  });

  it("a dotenv line in YAML form is refused with its number", () => {
    const file = join(newFolder(), ".env");
    writeFileSync(file, 'A="x\ny"\nKEY: value\n');
    expect(() => dotenvSecrets(file).get("A")).toThrow("line 3: write NAME=value, not NAME: value");
  });

  it("the first source that has a name gives the value", () => {
    const secrets = secretsFrom([environmentSecrets({ A: "first" }), environmentSecrets({ A: "second", B: "b" })]);
    expect([secrets.get("A"), secrets.get("B"), secrets.get("C")]).toEqual(["first", "b", undefined]);
  });
});
