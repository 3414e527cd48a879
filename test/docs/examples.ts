/** A fenced block of a page that a test does something with. */
export interface Block {
  /** The word after the fence: `yaml`, `sh`, `text`, … */
  readonly language: string;
  /** `run`, `output`, or undefined. */
  readonly role: "run" | "output" | undefined;
  /** `file=NAME`: written before what follows. */
  readonly file: string | undefined;
  /** `exit=N` of a `run`: what its last command ends with. */
  readonly exit: number;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

/** All fenced blocks of a page in order. Throws where a fence is not closed or an info string holds an unknown word. */
export function readBlocks(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open:
    | { readonly fence: string; readonly info: string; readonly line: number; readonly text: string[] }
    | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = /^(`{3,})(.*)$/.exec(line);
    if (open === undefined) {
      if (fence) open = { fence: fence[1] ?? "", info: fence[2] ?? "", line: index + 1, text: [] };
    } else if (line.trimEnd() === open.fence) {
      blocks.push(blockOf(open.info, open.text.map((part) => `${part}\n`).join(""), open.line));
      open = undefined;
    } else open.text.push(line);
  }
  if (open !== undefined) throw new Error(`line ${open.line}: the block is not closed`);
  return blocks;
}

function blockOf(info: string, text: string, line: number): Block {
  const [language = "", ...words] = info.trim().split(/\s+/);
  let role: Block["role"];
  let file: string | undefined;
  let exit = 0;
  for (const word of words) {
    if (word === "run" || word === "output") role = word;
    else if (word.startsWith("file=")) file = word.slice("file=".length);
    else if (/^exit=\d+$/.test(word)) exit = Number(word.slice("exit=".length));
    else throw new Error(`line ${line}: nobody knows what "${word}" means`);
  }
  return { language, role, file, exit, text, line };
}

/** The commands of a `run` block: one a line, continued by a backslash, comments left out. */
export function commandsOf({ text }: Block): readonly string[] {
  return text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** What is wrong with a page's blocks before anything runs: yaml, and files, that no command tests. */
export function untested(blocks: readonly Block[]): readonly string[] {
  return blocks.flatMap((block, index) => {
    const { language, file, role, line } = block;
    if (role === "output") {
      return blocks[index - 1]?.role === "run" ? [] : [`line ${line}: output of no command`];
    }
    if (file === undefined) return /^ya?ml$/.test(language) ? [`line ${line}: yaml without file=`] : [];
    return isRunBeforeReplaced(file, blocks.slice(index + 1)) ? [] : [`line ${line}: no command after ${file} is run`];
  });
}

function isRunBeforeReplaced(file: string, rest: readonly Block[]): boolean {
  for (const { role, file: other } of rest) {
    if (role === "run") return true;
    if (other === file) return false;
  }
  return false;
}

/** A pattern for what a command prints: `…` stands for any text of a line; alone on a line, for any lines. */
export function outputPattern(text: string): RegExp {
  const lines = text.trimEnd().split("\n");
  const parts = lines.map((line) => {
    if (line.trim() === "…") return "(?:.*\\n)*";
    return `${line.trimEnd().split("…").map(escapeRegExp).join(".*")}[ \\t]*\\n`;
  });
  return new RegExp(`^${parts.join("")}$`);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
