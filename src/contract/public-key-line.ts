/** A public key of minisign, the one line. No schema here, so that the command line can tell one from the path of a file. */
export const PUBLIC_KEY_LINE = /^RW[A-Za-z0-9+/]{54}$/;
