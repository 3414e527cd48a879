/** The version of magnus; a test holds it to package.json. */
export const version = "0.1.0";

/** `v` of the events that this version writes; it reads older ones whole, and later ones as far as it understands them. */
export const eventVersion = 1;
