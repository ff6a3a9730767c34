/** Fetches what the guests of the tests boot, before any of them waits for it with a deadline of its own. */
import { openGoods } from "./goods.ts";

console.log(Object.values(await openGoods()).join(" "));
