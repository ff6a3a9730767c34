/** The version of banger: one for the command line, the daemon and the SDK. The same as in `package.json`. */
export const VERSION = "0.1.0";

/** The header by which client and daemon tell each other their version. */
export const VERSION_HEADER = "banger-version";
/** The header that names the operation whose events follow. */
export const OPERATION_HEADER = "banger-operation";
/** What an exec stream is upgraded to. */
export const EXEC_PROTOCOL = "banger-exec";
/** What a copy's stream is upgraded to. */
export const COPY_PROTOCOL = "banger-copy";
/** What a connection to a port in a vm is upgraded to: its bytes, as they are. */
export const BYTES_PROTOCOL = "banger-bytes";
/** The media type of a stream of events. */
export const EVENTS_TYPE = "application/x-ndjson";
