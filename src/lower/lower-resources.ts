import type { Resources } from "../protocol/task-fields.ts";
import type { Written } from "../schema/field-shapes.ts";
import { exactSpan } from "../source/source-document.ts";
import { present } from "../system/present.ts";
import type { FieldPlace } from "./lowering-scope.ts";

/** Kubernetes: resource quantities (apimachinery, `resource.ParseQuantity`). */
export function lowerResources(
  fields: Written["resources"],
  { container, scope }: FieldPlace,
  inherited: Resources = {},
): Resources | undefined {
  const { document, sink } = scope;
  const read = (key: keyof typeof kinds): string | undefined => {
    const text = fields[key];
    if (text === null || text === undefined) return inherited[key];
    const { pattern, kind, example } = kinds[key];
    const isTooLittle = key === "memory" && pattern.test(text) && bytesOf(text) < leastMemory;
    if (pattern.test(text) && !isTooLittle) return text;
    const span = exactSpan(document, container, ["resources", key]);
    const meant = isTooLittle
      ? { kind: `memory: it is ${bytesOf(text)} bytes`, example: `${Number.parseFloat(text)}Mi` }
      : {};
    sink.report("bad-quantity", { label: `resources.${key}`, text, kind, example, ...meant, span });
    return undefined;
  };
  const [cpu, memory, gpu] = [read("cpu"), read("memory"), read("gpu")];
  if (cpu === undefined && memory === undefined && gpu === undefined) return undefined;
  return {
    ...present({ cpu, memory, gpu }),
  };
}

const quantity = /^\d+(?:\.\d+)?(?:m|[kMGTPE]|[KMGTPE]i|e\d+)?$/;
const kinds = {
  cpu: { pattern: quantity, kind: "processors", example: "2, 0.5 or 500m" },
  memory: { pattern: quantity, kind: "memory", example: "512Mi or 2Gi" },
  gpu: { pattern: /^\d+$/, kind: "GPUs", example: "1" },
} as const;

/** No program starts in less; what was meant has a unit. Bytes. */
const leastMemory = 1024 * 1024;

/** `1024`, `512m` (thousandths) and `1k` are amounts of bytes that nobody means. */
function bytesOf(text: string): number {
  const unit = text.replace(/^[\d.]+/, "");
  const index = "kMGTPE".indexOf(unit.charAt(0).replace("K", "k"));
  if (unit === "m") return Number.parseFloat(text) / 1000;
  if (unit === "" || unit.startsWith("e")) return Number(text);
  return Number.parseFloat(text) * (unit.endsWith("i") ? 1024 : 1000) ** (index + 1);
}
