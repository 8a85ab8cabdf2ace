// Asks Kusto's own parser and binder (@kusto/language-service-next) about queries.
// Lines of JSON in, lines of JSON out, one answer a line. The first line in is the
// catalog, {"tables": [{"name", "columns": [{"name", "type"}]}]}; its answer is the
// list of built-in functions with their signatures. Every other line is a query,
// {"query"}; its answer is {"errors": [{"start", "length", "code", "message"}],
// "columns": [{"name", "type"}], "open": whether there may be further columns}.
"use strict";
require("@kusto/language-service-next/bridge.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.js");

const { Symbols, GlobalState, KustoCode, Functions, Aggregates } = globalThis.Kusto.Language;
const { System } = globalThis;

// list makes an array of the library's read-only lists.
function list(l) {
  const out = [];
  for (let i = 0; l && i < System.Array.getCount(l); i++) out.push(System.Array.getItem(l, i));
  return out;
}

function globalsOf(catalog) {
  const type = (name) => {
    const t = Symbols.ScalarTypes.GetSymbol(name);
    if (!t) throw new Error("no scalar type " + name);
    return t;
  };
  const tables = catalog.tables.map((t) =>
    new Symbols.TableSymbol.$ctor4(t.name, t.columns.map((c) => new Symbols.ColumnSymbol(c.name, type(c.type)))));
  return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor2("postern", null, tables));
}

// enumName is the name of a value of one of the library's enumerations.
const enumName = (type, value) => System.Enum.toString(type, value);

function parameter(p) {
  return {
    name: p.Name,
    kind: enumName(Symbols.ParameterTypeKind, p.TypeKind),
    types: list(p.DeclaredTypes).map((t) => t.Name),
    argument: enumName(Symbols.ArgumentKind, p.ArgumentKind),
    optional: p.MinOccurring === 0,
    values: list(p.Values).map(String),
  };
}

function functionsOf(symbols, aggregate) {
  return list(symbols).map((f) => ({
    name: f.Name,
    aggregate,
    obsolete: f.IsObsolete,
    hidden: f.IsHidden,
    signatures: list(f.Signatures).map((s) => ({
      min: s.MinArgumentCount,
      max: s.MaxArgumentCount,
      hidden: s.IsHidden,
      params: list(s.Parameters).map(parameter),
    })),
  }));
}

function answer(query, globals) {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const errors = list(code.GetDiagnostics())
    .filter((d) => d.Severity === "Error")
    .map((d) => ({ start: d.Start, length: d.Length, code: d.Code, message: d.Message }));
  const result = code.ResultType;
  if (!(result instanceof Symbols.TableSymbol)) return { errors, columns: [], tabular: false };
  const columns = list(result.Columns).map((c) => ({ name: c.Name, type: c.Type.Name }));
  return { errors, columns, tabular: true, open: result.IsOpen };
}

let globals = null;
require("node:readline").createInterface({ input: process.stdin, crlfDelay: Infinity }).on("line", (line) => {
  const asked = JSON.parse(line);
  let said;
  if (asked.tables) {
    globals = globalsOf(asked);
    said = { functions: [...functionsOf(Functions.All, false), ...functionsOf(Aggregates.All, true)] };
  } else {
    said = answer(asked.query, globals);
  }
  process.stdout.write(JSON.stringify(said) + "\n");
});
