package bind

import (
	"github.com/postern-dev/postern/kql/syntax"
)

// operator binds one operator over its input.
func (b *binder) operator(e *env, r *rel, op syntax.Operator) *rel {
	switch op := op.(type) {
	case *syntax.Where:
		return b.where(e, r, op)
	case *syntax.Project:
		return b.project(e, r, op)
	case *syntax.Extend:
		return b.extend(e, r, op.Cols)
	case *syntax.Serialize:
		out := b.extend(e, &rel{r.node, r.cols, true}, op.Cols)
		if out != nil {
			out.serialized = true
		}
		return out
	case *syntax.ProjectAway:
		return b.projectAway(r, op)
	case *syntax.ProjectKeep:
		return b.projectKeep(r, op)
	case *syntax.ProjectRename:
		return b.projectRename(r, op)
	case *syntax.ProjectReorder:
		return b.projectReorder(r, op)
	case *syntax.Take:
		return b.take(e, r, op)
	case *syntax.Sort:
		return b.sort(e, r, op.Keys)
	case *syntax.Top:
		return b.top(e, r, op)
	case *syntax.Sample:
		return b.sample(e, r, op)
	case *syntax.SampleDistinct:
		return b.sampleDistinct(e, r, op)
	case *syntax.TopHitters:
		return b.topHitters(e, r, op)
	case *syntax.Scan:
		return b.scanSteps(e, r, op)
	case *syntax.Partition:
		return b.partition(e, r, op)
	case *syntax.Fork, *syntax.Facet:
		b.refuse(op, "run each of the queries by itself: an answer is one table", "the operator "+op.Keyword()+", which gives several tables,")
		return nil
	case *syntax.TopNested:
		return b.topNested(e, r, op)
	case *syntax.Count:
		return b.count(r, op)
	case *syntax.Distinct:
		return b.distinct(e, r, op)
	case *syntax.Summarize:
		return b.summarize(e, r, op)
	case *syntax.MakeSeries:
		return b.makeSeries(e, r, op)
	case *syntax.Join:
		return b.join(e, r, op)
	case *syntax.Lookup:
		return b.lookup(e, r, op)
	case *syntax.Union:
		return b.union(e, r, op)
	case *syntax.MvExpand:
		return b.mvExpand(e, r, op)
	case *syntax.MvApply:
		return b.mvApply(e, r, op)
	case *syntax.Search:
		return b.search(e, r, op)
	case *syntax.ParseOp:
		return b.parse(e, r, op)
	case *syntax.ParseKV:
		return b.parseKV(e, r, op)
	case *syntax.GetSchema:
		return b.getSchema(r)
	case *syntax.Render, *syntax.Consume:
		return r
	case *syntax.Broken:
		return nil // reported; inspect looks at what could be read
	}
	b.refuse(op, "", "the operator "+op.Keyword())
	return nil
}

// leading binds an operator that starts a pipeline.
func (b *binder) leading(e *env, op syntax.Operator) *rel {
	switch op := op.(type) {
	case *syntax.Print:
		return b.print(e, op)
	case *syntax.Range:
		return b.rangeTable(e, op)
	case *syntax.Union:
		return b.union(e, nil, op)
	case *syntax.Search:
		return b.search(e, nil, op)
	case *syntax.Broken:
		if op.Op != nil {
			b.inspect(e, b.unknown(nil), op.Op)
		}
		return b.unknown(nil)
	}
	b.refuse(op, "", "the operator "+op.Keyword())
	return nil
}
