/** The only public surface of `@sidetone/sdk`. */

export type * from "./api.ts";
