/** For tests of kernels that are not built: whatever is asked for is not there. */
import type { KernelBuilding } from "./build-kernel.ts";

const nothing = async (): Promise<never> => {
  throw new Error("nothing is built here");
};

export const NO_BUILDING: KernelBuilding = {
  fetcher: { small: nothing, signed: nothing, forgetSigned: nothing },
  mirror: "",
  keyservers: [],
  fingerprints: [],
  ownConfig: { path: "", version: "6.12.117" },
  jobs: 1,
  leastBytes: 0,
};
