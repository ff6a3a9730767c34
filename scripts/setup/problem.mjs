/** What stands in the way of set-up, in words for the person who has to act. Everything else that is thrown is a bug. */
export class SetupProblem extends Error {
  /**
   * @param {string} message what could not be done: which thing: why
   * @param {string} [hint] what to type
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Runs a script's main function; a problem becomes two lines and exit code 1.
 * @param {() => Promise<number | void>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(`\n${error.message}`);
    if (error.hint !== undefined) console.error(`Try: ${error.hint}`);
    process.exitCode = 1;
  }
}
