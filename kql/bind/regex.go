package bind

import (
	"regexp"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
)

// checkRegex refuses a pattern that does not compile: Kusto's expressions are
// RE2, as Go's are.
func (b *binder) checkRegex(at syntax.Node, c *ir.Const) {
	s, ok := c.V.(string)
	if !ok {
		return
	}
	if _, err := regexp.Compile(s); err != nil {
		b.errorf(at, "", "invalid regular expression: %s", err.Error())
	}
}
