/** What is to be known of the kinds of steps, by the words that a document has under `type`; whoever asks finds it here. */

interface KindFacts {
  /** It runs by itself; else it has graphs. */
  readonly leaf: boolean;
  /** Which of its graphs run, or how often, is computed before they begin. */
  readonly needsControl: boolean;
  /** Its graphs run at a time. */
  readonly concurrent: boolean;
}

export const kinds = {
  task: { leaf: true, needsControl: false, concurrent: false },
  stub: { leaf: true, needsControl: false, concurrent: false },
  parallel: { leaf: false, needsControl: false, concurrent: true },
  map: { leaf: false, needsControl: true, concurrent: true },
  dag: { leaf: false, needsControl: false, concurrent: false },
  conditional: { leaf: false, needsControl: true, concurrent: false },
  loop: { leaf: false, needsControl: false, concurrent: false },
} as const satisfies { readonly [kind: string]: KindFacts };

export type StepKind = keyof typeof kinds;

/** In the order in which messages list them. */
export const stepKinds: readonly StepKind[] = Object.keys(kinds).filter(isStepKind);

function isStepKind(word: string): word is StepKind {
  return Object.hasOwn(kinds, word);
}

/** Of an element of a path; undefined for kinds that only a newer log has. */
export function factsOf(kind: string = "task"): KindFacts | undefined {
  return isStepKind(kind) ? kinds[kind] : undefined;
}
