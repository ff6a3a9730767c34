/** What a copy needs of the computer beyond Node's file calls: holes, locks, and times to the nanosecond. */
export { findData, setLinkModifiedTime, setModifiedTime, tryLock } from "../../system/native.ts";
