/**
 * Text that somebody else wrote, for a terminal: control characters, marks that turn the direction of writing, and lone
 * surrogates as symbols of the same width, so that it can write nothing but itself.
 */
export function visible(text: string): string {
  return text
    .replace(/[\u0000-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "\u2421")
    .replace(/\p{Surrogate}/gu, "\ufffd");
}
