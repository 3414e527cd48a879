/** A phrase that nobody who reads compilers and workflow tools would look for, and what they write instead. */
export interface ForbiddenPhrase {
  readonly phrase: RegExp;
  readonly write: string;
}

/** For messages, help and documentation. Comments and names in code are free. */
export const forbidden: readonly ForbiddenPhrase[] = [
  // Denials.
  {
    phrase: /(?<!\b[Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b|such\b|other\b|different\b|way\b|need\b)[a-z]/,
    write: "is not a …",
  },
  { phrase: /\bwhat is no [a-z]/, write: "what is not a …" },
  { phrase: /\bnone of Linux\b/, write: "not Linux" },
  { phrase: /\bnobody knows\b/, write: "unknown" },
  { phrase: /\bnobody has tried\b/, write: "has not been checked" },
  { phrase: /\bcannot be told\b(?! (?:apart|from)\b)/, write: "cannot be known" },
  // Words that are another word in this field.
  { phrase: /\bblanks?\b/, write: "space" },
  { phrase: /\busual: /, write: "default: " },
  { phrase: /\bas (?:is )?by default\b/, write: "the default" },
  { phrase: /\bdefault: processors\b/, write: "default: the number of CPUs" },
  { phrase: /\bthere (?:twice|a second time)\b/, write: "defined twice" },
  { phrase: /\b(?:steers?|steered)\b/, write: "controls" },
  { phrase: /\bsees to\b/, write: "makes sure" },
  { phrase: /\bgoes by\b/, write: "uses" },
  { phrase: /\bstands (?:under|in|at|beside|inside|where)\b|\bit stands\b/, write: "is in" },
  { phrase: /\bstand under\b/, write: "be under" },
  { phrase: /\bwhat (?:stands|was found) there\b/, write: "its content" },
  { phrase: /\bthe way to it\b|\bon the way of\b|\bno way leads\b|\bwhichever way\b/, write: "path" },
  { phrase: /\bat last\b/, write: "finally" },
  { phrase: /\bfor ever\b/, write: "forever" },
  { phrase: /\ball the same\b/, write: "still" },
  { phrase: /\bas ever\b/, write: "as before" },
  { phrase: /\bas it is\b(?! (?:written|stored|configured|now)\b)/, write: "unchanged, verbatim" },
  { phrase: /\brun as they are\b|\bread as they are\b/, write: "run unchanged" },
  { phrase: /\bhands? on\b|\bhanded on\b/, write: "passes on" },
  { phrase: /\bis told (?:by|of)\b|\btold of\b|\bis told\b|\bto be told\b/, write: "is reported, is detected from" },
  { phrase: /\btells? (?:the|a) (?:tracking )?server\b/, write: "uploads to the server" },
  { phrase: /\b(?:has|have) to be told\b/, write: "must be set" },
  { phrase: /\bmakes up for\b/, write: "uploads the rest" },
  { phrase: /\bnone the worse\b/, write: "is not affected" },
  { phrase: /\blaid over\b/, write: "merged" },
  { phrase: /\blooked through\b/, write: "expanded, searched" },
  { phrase: /\b(?:tries|try|tried) whether\b/, write: "checks that" },
  { phrase: /\bwhat is compiled\b(?!\])/, write: "the compiled files" },
  { phrase: /\bof (?:its|his|their) own\b/, write: "its own" },
  { phrase: /\bmust be right\b/, write: "must be …, found …" },
  { phrase: /\bwith another code than\b/, write: "with a code other than" },
  { phrase: /\ba step's turn\b/, write: "the step runs" },
  { phrase: /\bbegins anew\b|\bmade anew\b|\bfetched anew\b/, write: "starts fresh, is created again, is renewed" },
  { phrase: /\bthe other way round\b/, write: "in the other direction" },
  { phrase: /\bsome (?:two|three|thousandth)\b/, write: "about two" },
  { phrase: /\bmay be got\b|\bcan be got\b/, write: "a step can get" },
  { phrase: /\bcome of it\b|\bcame of it\b|\bbecomes of\b/, write: "the result" },
];

/** Where a text uses such phrases: `line 3: "…"; write …`. */
export function forbiddenIn(text: string): readonly string[] {
  return text.split("\n").flatMap((line, index) =>
    forbidden.flatMap(({ phrase, write }) => {
      const found = phrase.exec(line);
      return found === null ? [] : [`line ${index + 1}: "${found[0]}"; write: ${write}`];
    }),
  );
}
