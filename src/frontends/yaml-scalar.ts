import { type Json, numberOf } from "../protocol/json.ts";

/** `.inf` and `.nan`: numbers of YAML that JSON does not have. */
export const notFinite = Symbol("not finite");

/**
 * The value of an unquoted text by the core schema of YAML 1.2.2 (10.3.2). Numbers keep their text; what JSON would
 * write otherwise is rewritten (`+1`, `.5`, `1.`, `007`, `0xff`), exactly.
 */
export function plainValue(text: string): Json | typeof notFinite {
  if (text.length > 5 && !mayBeNumber.test(text)) return text;
  switch (text) {
    case "":
    case "~":
    case "null":
    case "Null":
    case "NULL":
      return null;
    case "true":
    case "True":
    case "TRUE":
      return true;
    case "false":
    case "False":
    case "FALSE":
      return false;
    default:
      return mayBeNumber.test(text) ? numberValue(text) : text;
  }
}

const mayBeNumber = /^[-+.\d]/;
const decimal = /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/;

function numberValue(text: string): Json | typeof notFinite {
  if (/^0o[0-7]+$/.test(text) || /^0x[\da-fA-F]+$/.test(text)) return numberOf(BigInt(text).toString());
  if (/^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/.test(text)) return notFinite;
  const parts = decimal.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction, exponent] = parts;
  if (whole === "" && (fraction ?? "") === "") return text;
  const digits = `${sign === "-" ? "-" : ""}${whole.replace(/^0+(?=\d)/, "") || "0"}`;
  return numberOf(
    `${digits}${fraction === undefined ? "" : `.${fraction || "0"}`}${exponent === undefined ? "" : `e${exponent}`}`,
  );
}
