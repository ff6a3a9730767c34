/** What a source file uses of the outside, found by parsing it: imports of every form, and the globals that reach the computer. */
import { parseSync, Visitor } from "oxc-parser";

export interface Use {
  /** `dynamic` is an import or require whose target is computed, so that nobody can check it. */
  readonly kind: "import" | "environment" | "computer" | "dynamic" | "syntax";
  /** What is named: `../vms/vms.ts`, `process.env`, `Bun.spawn`. */
  readonly what: string;
  readonly line: number;
}

/** Parts of the global `Bun` that are harmless: they compute, or draw. */
const HARMLESS_BUN = new Set(["main", "stringWidth", "version", "inspect", "deepEquals", "semver", "escapeHTML"]);

/** Every use in `text`, in order. */
export function usesOf(path: string, text: string): readonly Use[] {
  const uses: Use[] = [];
  const note = (kind: Use["kind"], what: string, at: number): void => {
    uses.push({ kind, what, line: text.slice(0, at).split("\n").length });
  };
  const noteTarget = (target: { type: string; value?: unknown; start: number }): void => {
    if (typeof target.value === "string") note("import", target.value, target.start);
    else note("dynamic", "a computed import", target.start);
  };
  const { program, errors } = parseSync(path, text);
  for (const error of errors) note("syntax", error.message, error.labels[0]?.start ?? 0);
  new Visitor({
    ImportDeclaration: (node) => noteTarget(node.source),
    ExportAllDeclaration: (node) => noteTarget(node.source),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) noteTarget(node.source);
    },
    ImportExpression: (node) => noteTarget(node.source),
    TSImportType: (node) => noteTarget(node.source),
    TSExternalModuleReference: (node) => noteTarget(node.expression),
    CallExpression: (node) => {
      const [target] = node.arguments;
      if (node.callee.type === "Identifier" && node.callee.name === "require" && target !== undefined) noteTarget(target);
    },
    MemberExpression: (node) => {
      if (node.object.type === "MetaProperty" && nameOf(node.property) === "env") note("environment", "import.meta.env", node.start);
      if (node.object.type !== "Identifier") return;
      const what = `${node.object.name}.${nameOf(node.property)}`;
      if (what === "process.env" || what === "Bun.env") note("environment", what, node.start);
      else if (node.object.name === "Bun" && !HARMLESS_BUN.has(nameOf(node.property))) note("computer", what, node.start);
    },
    VariableDeclarator: (node) => {
      const from = node.init?.type === "Identifier" ? node.init.name : undefined;
      if ((from === "process" || from === "Bun") && node.id.type === "ObjectPattern")
        note("environment", `parts taken out of ${from}`, node.start);
    },
  }).visit(program);
  return uses.sort((left, right) => left.line - right.line);
}

function nameOf(property: { type: string; name?: unknown; value?: unknown }): string {
  return String(property.type === "Literal" ? property.value : property.name);
}
