package duckdb

// wrap brings a HUGEINT into 64 bits as two's complement does.
func wrap(h string) string {
	return "CAST((" + h + " % 18446744073709551616 + 27670116110564327424) % 18446744073709551616 - 9223372036854775808 AS BIGINT)"
}

// toint32 keeps the lower 32 bits; wide arithmetic is dear, and seldom needed.
const toint32 = "CASE WHEN $1 BETWEEN -2147483648 AND 2147483647 THEN CAST($1 AS INTEGER) ELSE CAST((CAST($1 AS HUGEINT) % 4294967296 + 6442450944) % 4294967296 - 2147483648 AS INTEGER) END"

// roomy holds where steps of $2 from $1 stay within 64 bits.
const roomy = "$2 BETWEEN 1 AND 4611686018427387903 AND $1 > -4611686018427387904"

const lastTick = "3155378975999999999" // 9999-12-31T23:59:59.9999999Z

// templates are the operations whose SQL says exactly what Kusto does. Where
// an argument stands twice in one it is evaluated once: DuckDB shares equal
// expressions.
func templates() map[string]string {
	t := map[string]string{
		"true":     "true",
		"random":   "random()",
		"distinct": "($1 IS DISTINCT FROM $2)",
		"not":      "(NOT $1)",
		"total":    "coalesce($1, false)",
		"iff":      "CASE WHEN $1 THEN $2 ELSE $3 END",
		"isnull":   "($1 IS NULL)",
		"same":     "$1",
		"neg.long": wrap("(0 - CAST($1 AS HUGEINT))"),
		"neg.real": "(-$1)",
		"add.long": wrap("(CAST($1 AS HUGEINT) + $2)"), "sub.long": wrap("(CAST($1 AS HUGEINT) - $2)"), "mul.long": wrap("(CAST($1 AS HUGEINT) * $2)"),
		"add.ticks": wrap("(CAST($1 AS HUGEINT) + $2)"), "sub.ticks": wrap("(CAST($1 AS HUGEINT) - $2)"),
		"div.long": wrap("CAST(trunc_div AS HUGEINT)"),
		"mod.long": "CAST((($1 % nullif(CAST($2 AS HUGEINT), 0)) + abs(CAST($2 AS HUGEINT))) % abs(nullif(CAST($2 AS HUGEINT), 0)) AS BIGINT)",
		"add.real": "($1 + $2)", "sub.real": "($1 - $2)", "mul.real": "($1 * $2)", "div.real": "($1 / $2)",
		"mod.real":      "((($1 % $2) + abs($2)) % abs($2))",
		"mul.span.real": "TRY_CAST(trunc($1 * $2) AS BIGINT)",
		"div.span.real": "TRY_CAST(trunc($1 / $2) AS BIGINT)",
		"add.datetime":  "CASE WHEN CAST($1 AS HUGEINT) + $2 BETWEEN 0 AND " + lastTick + " THEN $1 + $2 END",
		"sub.datetime":  "CASE WHEN CAST($1 AS HUGEINT) - $2 BETWEEN 0 AND " + lastTick + " THEN $1 - $2 END",
		"bin.long":      "CASE WHEN " + roomy + " THEN $1 - (($1 % $2) + $2) % $2 WHEN $2 > 0 THEN " + wrap("(CAST($1 AS HUGEINT) - ((CAST($1 AS HUGEINT) % nullif($2, 0)) + $2) % nullif($2, 0))") + " END",
		"bin.real":      "CASE WHEN $2 > 0 THEN floor($1 / $2) * $2 END",
		"bin_at.long":   "CASE WHEN $2 > 0 THEN " + wrap("(CAST($1 AS HUGEINT) - (((CAST($1 AS HUGEINT) - $3) % nullif($2, 0)) + $2) % nullif($2, 0))") + " END",
		"bin_at.real":   "CASE WHEN $2 > 0 THEN floor(($1 - $3) / $2) * $2 + $3 END",
		"abs.long":      wrap("abs(CAST($1 AS HUGEINT))"),
		"abs.real":      "abs($1)",
		"sign":          "CAST(CASE WHEN isnan($1) THEN 0 ELSE sign($1) END AS DOUBLE)",
		"ceiling":       "ceil($1)",
		"isnan":         "isnan($1)",
		"isinf":         "isinf($1)",
		"isfinite":      "isfinite($1)",
		"pow":           "pow($1, $2)",
		"pi":            "pi()",
		"binary_and":    "($1 & $2)", "binary_or": "($1 | $2)", "binary_xor": "xor($1, $2)",
		"sqrt": "CASE WHEN $1 < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt($1) END",
		"exp":  "exp($1)", "cos": "CASE WHEN isfinite($1) THEN cos($1) ELSE CAST('NaN' AS DOUBLE) END",
		"sin": "CASE WHEN isfinite($1) THEN sin($1) ELSE CAST('NaN' AS DOUBLE) END",
		"log": logOf("ln"), "log10": logOf("log10"), "log2": logOf("log2"),
		"strlen":      "CAST(length($1) AS BIGINT)",
		"string_size": "CAST(strlen($1) AS BIGINT)",
		"tolower":     "lower($1)", "toupper": "upper($1)",
		"contains_cs": "contains($1, $2)", "contains": "contains(lower($1), lower($2))",
		"startswith_cs": "starts_with($1, $2)", "startswith": "starts_with(lower($1), lower($2))",
		"endswith_cs": "suffix($1, $2)", "endswith": "suffix(lower($1), lower($2))",
		"eq.fold": "(lower($1) = lower($2))", "ne.fold": "(lower($1) <> lower($2))",
		"total.string":    "coalesce($1, '')",
		"eq.dyntext":      "coalesce($1 = $2, false)",
		"ne.dyntext":      "coalesce($1 <> $2, true)",
		"tostring.bool":   "CASE WHEN $1 IS NULL THEN '' WHEN $1 THEN 'True' ELSE 'False' END",
		"tostring.int":    "coalesce(CAST($1 AS VARCHAR), '')",
		"tostring.long":   "coalesce(CAST($1 AS VARCHAR), '')",
		"tostring.guid":   "coalesce($1, '')",
		"isempty":         "($1 = '')",
		"isempty.dynamic": `(coalesce($1, '""') = '""')`, "isnotempty.dynamic": `(coalesce($1, '""') <> '""')`,
		"isnotempty":     "($1 <> '')",
		"isnotnull":      "($1 IS NOT NULL)",
		"tobool.bool":    "$1",
		"tobool.int":     "($1 <> 0)",
		"tobool.long":    "($1 <> 0)",
		"tobool.real":    "($1 <> 0)",
		"toint.bool":     "CAST($1 AS INTEGER)",
		"toint.int":      "$1",
		"toint.long":     toint32,
		"toint.real":     "TRY_CAST(trunc($1) AS INTEGER)",
		"toint.timespan": toint32,
		"tolong.bool":    "CAST($1 AS BIGINT)",
		"tolong.int":     "CAST($1 AS BIGINT)",
		"tolong.long":    "$1", "tolong.datetime": "$1", "tolong.timespan": "$1",
		"tolong.real": "TRY_CAST(trunc($1) AS BIGINT)",
		"toreal.bool": "CAST(CAST($1 AS INTEGER) AS DOUBLE)",
		"toreal.int":  "CAST($1 AS DOUBLE)", "toreal.long": "CAST($1 AS DOUBLE)", "toreal.real": "$1",
		"toreal.datetime": "CAST($1 AS DOUBLE)", "toreal.timespan": "CAST($1 AS DOUBLE)",
		"todatetime.datetime": "$1", "totimespan.timespan": "$1", "todecimal.decimal": "$1", "tostring.string": "$1", "toguid.guid": "$1",
		"todatetime.long": "CASE WHEN $1 BETWEEN 0 AND " + lastTick + " THEN $1 END",
		"totimespan.long": "$1", "todatetime.int": "CAST($1 AS BIGINT)", "totimespan.int": "CAST($1 AS BIGINT)",
		"dyn.of.dynamic": "$1",
		"dyn.of.bool":    "CASE WHEN $1 THEN 'true' WHEN NOT $1 THEN 'false' END",
		"dyn.of.int":     "CAST($1 AS VARCHAR)",
		"dyn.of.long":    "CAST($1 AS VARCHAR)",
	}
	t["div.long"] = "CASE WHEN $2 = -1 THEN " + t["neg.long"] + " ELSE CAST(" + truncated + " AS BIGINT) END"
	return t
}

// truncated is integer division towards zero; by zero it is null.
const truncated = "sign(CAST($1 AS HUGEINT)) * sign(CAST($2 AS HUGEINT)) * (abs(CAST($1 AS HUGEINT)) // abs(nullif(CAST($2 AS HUGEINT), 0)))"

// logOf: the logarithm of 0 is minus infinity, of a negative null.
func logOf(f string) string {
	return "CASE WHEN $1 > 0 THEN " + f + "($1) WHEN $1 = 0 THEN CAST('-Infinity' AS DOUBLE) END"
}
