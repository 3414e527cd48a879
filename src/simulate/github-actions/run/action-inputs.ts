export type Inputs = { readonly [name: string]: string };
