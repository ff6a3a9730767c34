/** Files that the bundler puts into the program; the import gives a path. */
declare module "*/banger-agent" {
  const path: string;
  export default path;
}
declare module "*/banger-layers" {
  const path: string;
  export default path;
}
declare module "*/banger-nethelper" {
  const path: string;
  export default path;
}
declare module "*/banger-sshd" {
  const path: string;
  export default path;
}
declare module "*.config" {
  const path: string;
  export default path;
}
