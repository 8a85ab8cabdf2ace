package duckdb

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/sqlgen"
	"github.com/postern-dev/postern/kql/types"
)

// Aggregate spells an aggregate over the rows for which cond holds.
func (d *Dialect) Aggregate(a *ir.Agg, args []sqlgen.SQL, cond sqlgen.SQL, order []sqlgen.SQL) sqlgen.SQL {
	filter := sqlgen.SQL(sqlgen.Seq{})
	if cond != nil {
		filter = sqlgen.Seq{text(" FILTER (WHERE "), cond, text(")")}
	}
	by := func(first ...sqlgen.SQL) sqlgen.SQL {
		list := append(first, order...)
		if len(list) == 0 {
			return sqlgen.Seq{}
		}
		return sqlgen.Seq{text(" ORDER BY "), sqlgen.Template("$*", list)}
	}
	agg := func(name string, x sqlgen.SQL, inside ...sqlgen.SQL) sqlgen.SQL {
		return append(append(sqlgen.Seq{text(name + "("), x}, inside...), text(")"), filter)
	}
	wrapped := func(s sqlgen.SQL) sqlgen.SQL { return sqlgen.Template(wrap("$1"), []sqlgen.SQL{s}) }
	switch a.Op {
	case "count":
		return agg("count", text("*"))
	case "sum":
		if a.T == types.Real {
			return sqlgen.Seq{text("coalesce("), agg("sum", args[0]), text(", 0)")}
		}
		return wrapped(sqlgen.Seq{text("coalesce("), agg("sum", args[0]), text(", 0)")})
	case "avg":
		return d.average(a, args, agg, wrapped)
	case "min", "max":
		return extremeOf(a, args[0], agg)
	case "dcount":
		return sqlgen.Seq{text("count(DISTINCT "), args[0], text(")"), filter}
	case "stdev", "stdevp", "variance", "variancep":
		return deviation(a.Op, args[0], agg)
	case "covariance", "covariancep":
		return covariance(a.Op, args, agg)
	case "take_any":
		if a.T == types.String {
			return total(agg("first", args[0], by()))
		}
		return agg("first", args[0], by())
	case "arg_max", "arg_min":
		return argBest(a, args, agg, by)
	case "percentile":
		x := sqlgen.Seq{text("quantile_disc("), args[0], text(", "), args[1], text(")"), filter}
		return x
	case "binary_all_and":
		return agg("bit_and", args[0])
	case "binary_all_or":
		return agg("bit_or", args[0])
	case "binary_all_xor":
		return agg("bit_xor", args[0])
	case "make_list", "make_list_with_nulls", "make_set", "make_bag":
		return d.collect(a, args, agg, by)
	}
	panic(Missing{a.Op})
}

type spell func(name string, x sqlgen.SQL, inside ...sqlgen.SQL) sqlgen.SQL

func total(s sqlgen.SQL) sqlgen.SQL { return sqlgen.Seq{text("coalesce("), s, text(", '')")} }

// average of nothing is NaN, of integers exact before the division.
func (d *Dialect) average(a *ir.Agg, args []sqlgen.SQL, agg spell, wrapped func(sqlgen.SQL) sqlgen.SQL) sqlgen.SQL {
	switch a.T {
	case types.Real:
		sum := agg("sum", args[0])
		if a.Args[0].Type() != types.Real {
			sum = wrapped(sum)
		}
		return sqlgen.Template("coalesce(CAST($1 AS DOUBLE) / nullif($2, 0), CAST('NaN' AS DOUBLE))", []sqlgen.SQL{sum, agg("count", args[0])})
	default:
		return sqlgen.Template("CAST($1 // nullif($2, 0) AS BIGINT)", []sqlgen.SQL{agg("sum", args[0]), agg("count", args[0])})
	}
}

// extremeOf: NaN, once seen, is the minimum and the maximum.
func extremeOf(a *ir.Agg, x sqlgen.SQL, agg spell) sqlgen.SQL {
	v := agg(a.Op, x)
	switch {
	case a.T == types.String:
		return total(v)
	case a.T == types.Real && a.Op == "min":
		nan := agg("bool_or", sqlgen.Seq{text("isnan("), x, text(")")})
		return sqlgen.Template("CASE WHEN $1 THEN CAST('NaN' AS DOUBLE) ELSE $2 END", []sqlgen.SQL{nan, v})
	}
	return v
}

// deviation of one value is 0, of none NaN.
func deviation(op string, x sqlgen.SQL, agg spell) sqlgen.SQL {
	name := map[string]string{"stdev": "stddev_samp", "stdevp": "stddev_pop", "variance": "var_samp", "variancep": "var_pop"}[op]
	return sqlgen.Template("CASE $2 WHEN 0 THEN CAST('NaN' AS DOUBLE) WHEN 1 THEN 0.0::DOUBLE ELSE $1 END",
		[]sqlgen.SQL{agg(name, x), agg("count", x)})
}

// covariance is of the pairs that have both values; of one pair it is 0, of none
// NaN, as deviation.
func covariance(op string, args []sqlgen.SQL, agg spell) sqlgen.SQL {
	name := map[string]string{"covariance": "covar_samp", "covariancep": "covar_pop"}[op]
	both := sqlgen.Template("CASE WHEN $2 IS NOT NULL THEN $1 END", args)
	return sqlgen.Template("CASE $2 WHEN 0 THEN CAST('NaN' AS DOUBLE) WHEN 1 THEN 0.0::DOUBLE ELSE $1 END",
		[]sqlgen.SQL{agg(name, sqlgen.Seq{args[0], text(", "), args[1]}), agg("count", both)})
}

// argBest is the value of the row where the first argument is extreme; rows
// without one count only if there is no other.
func argBest(a *ir.Agg, args []sqlgen.SQL, agg spell, by func(...sqlgen.SQL) sqlgen.SQL) sqlgen.SQL {
	dir := " DESC NULLS LAST"
	if a.Op == "arg_min" {
		dir = " ASC NULLS LAST"
	}
	keys := []sqlgen.SQL{sqlgen.Seq{args[0], text(dir)}}
	if a.Op == "arg_min" && a.Args[0].Type() == types.Real {
		keys = append([]sqlgen.SQL{sqlgen.Seq{text("isnan("), args[0], text(") DESC NULLS LAST")}}, keys...)
	}
	v := agg("first", args[1], by(keys...))
	if a.T == types.String {
		return total(v)
	}
	return v
}

// collect joins the JSON texts of the values to an array, which runtime
// functions then make a set or a bag of.
func (d *Dialect) collect(a *ir.Agg, args []sqlgen.SQL, agg spell, by func(...sqlgen.SQL) sqlgen.SQL) sqlgen.SQL {
	x := args[0]
	t := a.Args[0].Type()
	if t != types.Dynamic {
		x = d.Call(&ir.Call{Op: "dyn.of." + t.String(), T: types.Dynamic, Args: a.Args[:1]}, args[:1])
	}
	if a.Op == "make_list_with_nulls" || (a.Op == "make_list" && t == types.Dynamic) {
		x = sqlgen.Seq{text("coalesce("), x, text(", 'null')")}
	}
	list := sqlgen.Seq{text("'[' || coalesce("), agg("string_agg", sqlgen.Seq{x, text(", ','")}, by()), text(", '') || ']'")}
	limit := sqlgen.SQL(text("1048576"))
	if len(args) > 1 {
		limit = args[1]
	}
	op := map[string]string{"make_set": "set_from_array", "make_bag": "bag_from_array", "make_list": "list_from_array", "make_list_with_nulls": "list_from_array"}[a.Op]
	if op == "list_from_array" && len(args) < 2 && t != types.Dynamic {
		return list
	}
	return d.Call(&ir.Call{Op: op, T: types.Dynamic}, []sqlgen.SQL{sqlgen.Seq{text("("), list, text(")")}, limit})
}
