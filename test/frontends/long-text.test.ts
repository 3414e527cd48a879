import { expect, test } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { readYaml } from "../../src/frontends/yaml.ts";

test.each(['"', "'"])("a text of 17 million characters in %s is read", (quote) => {
  const sink = new DiagnosticSink();
  const long = "x".repeat(17_000_000);
  const document = readYaml({ name: "p.yaml", text: `a: ${quote}${long}${quote}\n` }, sink);
  expect(sink.list()).toEqual([]);
  expect(document?.value).toEqual({ a: long });
});
