/** The only public surface of `@sidetone/sdk`. */

export type * from "./api.ts";
export { Sidetone } from "./client.ts";
