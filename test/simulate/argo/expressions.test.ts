import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate } from "../../../src/simulate/argo/expressions/evaluate-expression.ts";
import { type Value, valueOfJson } from "../../../src/simulate/argo/expressions/expression-value.ts";
import { goQuote } from "../../../src/simulate/argo/expressions/go-quote.ts";
import { rawElements } from "../../../src/simulate/argo/expressions/raw-json.ts";
import { ExpressionError, UnsupportedError } from "../../../src/simulate/argo/expressions/tokenize-expression.ts";
import { evaluateWhen } from "../../../src/simulate/argo/expressions/when.ts";

const environment = new Map<string, Value>([
  ["a", "text"],
  ["n", null],
  ["list", [1n, 2n, 3n]],
  ["m", new Map<string, Value>([["k", new Map<string, Value>([["x-y", "deep"]])]])],
]);

describe("expressions have the value that expr-lang gives them", () => {
  test.for([
    ["1 + 2 * 3 - -4", 11n],
    ["2 ** 3 ** 2", 512],
    ["7 / 2", 3.5],
    ["7 % 4", 3n],
    ["1 == 1.0 and not (1 > 2)", true],
    ["!true || 'a' < 'b' && 2 <= 2", true],
    ["'a' + \"b\" + `c`", "abc"],
    ["m.k['x-y']", "deep"],
    ["m['q']?.r?.s ?? 'none'", "none"],
    ["m?.k?.nothing ?? n ?? 7", 7n],
    ["n == nil ? 'nil' : 'some'", "nil"],
    ["2 in list and 9 not in list and 'k' in m", true],
    ["a contains 'ex' and a startsWith 'te' and a endsWith 'xt' and a matches '^t.*$'", true],
    ["list[-1] + list[0]", 4n],
    ["len(filter(list, # > 1))", 2n],
    ["map(list, {# * 2})[2]", 6n],
    ["all(list, # < 4) and any(list, # == 3) and none(list, # == 4) and one(list, # == 1)", true],
    [
      "toJson(map(fromJSON('[\"<\",1.50,1e30]'), { {'i': #index, 'v': #} }))",
      '[{"i":0,"v":"\\u003c"},{"i":1,"v":1.5},{"i":2,"v":1e+30}]',
    ],
    ["int('42') + asInt(2.9)", 44n],
    ["string(float('1.50'))", "1.5"],
    ["type(m) + type(list) + type(n) + type(1) + type(1.5) + type(true) + type(a)", "maparraynilintfloatboolstring"],
    ["get(m, 'zzz') == nil and get(list, 9) == nil", true],
    ["(1..3)[1]", 2n],
    ["join(split('a,b', ','), '-')", "a-b"],
    ["replace('a$b$$', '$', '$$')", "a$$b$$$$"],
    ["replace('aaa', 'a', 'b', 2)", "bba"],
    ["toBase64('$ \u00e9')", "JCDDqQ=="],
    ["fromBase64(toBase64(a))", "text"],
    ["fromJSON('{\"__proto__\": 1}')['__proto__']", 1],
  ] as const)("%s", ([text, value]) => {
    expect(evaluate(text, environment)).toEqual(value);
  });

  test.for([
    "b",
    "false && b",
    "m.q.r",
    "a['x']",
    "1 + 'a'",
    "n.x",
    "1 &&  true",
    "1 ?? 2 == 3",
    "int('1.5')",
    "fromJSON('{')",
    "1 +",
    "'",
    "len(1)",
  ])("%s is an error", (text) => {
    expect(() => evaluate(text, environment)).toThrow(ExpressionError);
  });

  test.for(["let x = 1; x", "a | upper()", "list[1:2]", "sprig.trim(a)", "jsonpath(a, '$')"])(
    "%s is refused by name",
    (text) => {
      expect(() => evaluate(text, environment)).toThrow(UnsupportedError);
    },
  );
});

test("a chain of 20,000 alternatives is evaluated", () => {
  expect(evaluate(`${"1 == 2 || ".repeat(20_000)}true`, environment)).toBe(true);
});

describe("when is evaluated loosely", () => {
  test.for([
    ["", true],
    ["true", true],
    ["a == a", true],
    ["a != a", false],
    ["1 == 1 && 2 > 1", true],
    ["'a b' == \"a b\"", true],
    ["!(a == b) || false", true],
    ["x in (x, y)", true],
    ["1 + 1 == 2", true],
  ] as const)("%s", ([text, value]) => {
    expect(evaluateWhen(text)).toBe(value);
  });

  test.for(["a-b == a-b", "a", "1", "a ==", "{{x}}", "== b", "a b"])("%s is an error", (text) => {
    expect(() => evaluateWhen(text)).toThrow();
  });
});

test("what Go quotes is JSON again, unless it has what JSON has no escape for", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
      const quoted = goQuote(text);
      if (/[\x00-\x06\x0b\x0e-\x1f\x7f]|\x07/.test(text)) expect(quoted).not.toBe(text);
      else expect(JSON.parse(`"${quoted}"`)).toBe(text);
    }),
  );
  expect(goQuote("é \u{1f600} \u{1fae9} \u00a0 \u007f")).toBe("é \u{1f600} \\U0001fae9 \\u00a0 \\x7f");
});

test("elements of a list keep their own text", () => {
  fc.assert(
    fc.property(fc.array(fc.json({ maxDepth: 2 })), (items) => {
      const elements = rawElements(`[ ${items.join(" ,\n ")} ]`);
      expect(elements?.map((element) => JSON.parse(element))).toEqual(items.map((item) => JSON.parse(item)));
    }),
  );
  expect(rawElements('[1.50, "\\u007b", {"b": 1, "a": [ ]}]')).toEqual(["1.50", '"\\u007b"', '{"b":1,"a":[]}']);
  expect(rawElements("null")).toEqual([]);
  expect(rawElements("fault")).toBeUndefined();
  expect(valueOfJson("[1]")).toEqual([1]);
});
