/** Who we are to a registry. */
export interface Login {
  readonly user: string;
  readonly password: string;
}
