import { NoOperationTraceWriter } from "@actions/workflow-parser";
import type { ObjectReader } from "@actions/workflow-parser/templates/object-reader";
import { TemplateContext, TemplateValidationErrors } from "@actions/workflow-parser/templates/template-context";
import * as templateReader from "@actions/workflow-parser/templates/template-reader";
import {
  type LiteralToken,
  type MappingToken,
  type SequenceToken,
  StringToken,
  type TemplateToken,
} from "@actions/workflow-parser/templates/tokens/index";
import { YamlObjectReader } from "@actions/workflow-parser/workflows/yaml-object-reader";

/**
 * Values of a file once its aliases are written out. GitHub stops at as many (maxEvents of its template reader), so a
 * small file can never become a large one.
 */
const mostValues = 1_000_000;
const tooMany = "The file has too many values once its aliases are written out";

export interface ReadTemplate {
  /** Has the errors. */
  readonly context: TemplateContext;
  readonly value: TemplateToken | undefined;
}

/**
 * Reads a file by GitHub's schema of its kind, as the official parser does, but for one thing: that one looks for
 * expressions in the text of the file, to point at them, and so takes indentation, quotes and folding of YAML for parts of
 * the value.
 */
export function readTemplate(
  file: { readonly name: string; readonly content: string },
  schema: ConstructorParameters<typeof TemplateContext>[1],
  root: string,
  most = mostValues,
): ReadTemplate {
  const context = new TemplateContext(new TemplateValidationErrors(), schema, new NoOperationTraceWriter());
  const id = context.getFileId(file.name);
  const yaml = new YamlObjectReader(id, file.content);
  for (const { message, range } of yaml.errors) context.error(id, message, range);
  if (yaml.errors.length > 0) return { context, value: undefined };
  // What the reader throws becomes an error of the context.
  return { context, value: templateReader.readTemplate(context, root, new ValueReader(yaml, most), id) };
}

/** Gives texts as YAML has them, without how they were written. */
class ValueReader implements ObjectReader {
  readonly #yaml: ObjectReader;
  #left: number;

  constructor(yaml: ObjectReader, most: number) {
    this.#yaml = yaml;
    this.#left = most;
  }

  allowLiteral(): LiteralToken | undefined {
    const token = this.#counted(this.#yaml.allowLiteral());
    if (!(token instanceof StringToken)) return token;
    return new StringToken(token.file, token.range, token.value, undefined, undefined, token.blockScalarHeader);
  }

  allowSequenceStart(): SequenceToken | undefined {
    return this.#counted(this.#yaml.allowSequenceStart());
  }

  allowSequenceEnd(): boolean {
    return this.#yaml.allowSequenceEnd();
  }

  allowMappingStart(): MappingToken | undefined {
    return this.#counted(this.#yaml.allowMappingStart());
  }

  allowMappingEnd(): boolean {
    return this.#yaml.allowMappingEnd();
  }

  validateEnd(): void {
    this.#yaml.validateEnd();
  }

  validateStart(): void {
    this.#yaml.validateStart();
  }

  #counted<Token>(token: Token | undefined): Token | undefined {
    if (token !== undefined && this.#left-- <= 0) throw new Error(tooMany);
    return token;
  }
}
