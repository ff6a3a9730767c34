const LOCAL = /^(?<date>\d{4}-\d\d-\d\d)(?:[Tt ](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?$/;

/**
 * A day or a time of day as it is where the command is typed, as a moment that means the same everywhere: `2026-11-25` is its
 * first moment. Whatever is none stays as it is: the daemon takes the rest, or says why not.
 */
export function localMoment(typed: string): string {
  const { date = "", time = "00:00" } = LOCAL.exec(typed)?.groups ?? {};
  const moment = new Date(`${date}T${time}`);
  // The 30th of February is another day.
  const isThere = moment.getDate() === Number(date.slice(8));
  return isThere ? moment.toISOString() : typed;
}
