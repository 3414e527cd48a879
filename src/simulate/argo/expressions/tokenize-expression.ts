/** Splits a text of expr-lang into tokens, the end being the last. Throws an {@link ExpressionError}. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  lexeme.lastIndex = 0;
  while (lexeme.lastIndex < text.length) {
    const start = lexeme.lastIndex;
    const found = lexeme.exec(text);
    if (found === null) throw new ExpressionError(`unrecognized character: ${text.slice(start, start + 1)}`);
    const [, name, number, string, operator, bracket] = found;
    if (name !== undefined) tokens.push({ kind: wordOperators.has(name) ? "operator" : "name", text: name });
    else if (number !== undefined) tokens.push({ kind: "number", text: number.replaceAll("_", "") });
    else if (string !== undefined) tokens.push({ kind: "string", text: unquote(string) });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator });
    else if (bracket !== undefined) tokens.push({ kind: "bracket", text: bracket });
  }
  tokens.push({ kind: "end", text: "the end" });
  return tokens;
}

/** Text that is no expression; the controller would say so, too. */
export class ExpressionError extends Error {}

/** What expr-lang has and this simulator has not. */
export class UnsupportedError extends Error {}

export interface Token {
  readonly kind: "name" | "number" | "string" | "operator" | "bracket" | "end";
  readonly text: string;
}

/** Names that are operators or begin something. */
export const wordOperators = new Set([
  "and",
  "or",
  "not",
  "in",
  "matches",
  "contains",
  "startsWith",
  "endsWith",
  "let",
  "if",
]);
const lexeme =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|([A-Za-z_$][\w$]*)|(0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?)|("(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`[^`]*`)|(\?\.|\?\?|\*\*|\.\.|::|==|!=|<=|>=|&&|\|\||[!<>+\-*/%^|?:;,.#=])|([()[\]{}])/y;

const simpleEscapes: { readonly [letter: string]: string } = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
  "?": "?",
};

function unquote(literal: string): string {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return inner;
  return inner.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([\s\S]))/g,
    (_, hex, four, eight, octal, letter) => {
      if (letter !== undefined) {
        const plain = simpleEscapes[letter];
        if (plain === undefined) throw new ExpressionError(`unable to unescape string, \\${letter}`);
        return plain;
      }
      return String.fromCodePoint(
        octal === undefined ? Number.parseInt(hex ?? four ?? eight, 16) : Number.parseInt(octal, 8),
      );
    },
  );
}
