package cli

import (
	"errors"
	"regexp/syntax"
	"strings"

	"github.com/postern-dev/postern/internal/report"
)

// patternError points at the part of a regular expression that is wrong.
func patternError(pattern string, err error) error {
	const hint = "RE2 syntax: https://github.com/google/re2/wiki/Syntax"
	var fault *syntax.Error
	if !errors.As(err, &fault) {
		return usageError(hint, "-e %q: %w", pattern, err)
	}
	at := faultAt(pattern, fault)
	caret := report.Clean(pattern) + "\n" + strings.Repeat(" ", report.Width(report.Clean(pattern[:at]))) + "^"
	return usageError(hint, "-e: %s at character %d\n%s", fault.Code, len([]rune(pattern[:at]))+1, caret)
}

// faultAt finds the byte where the fault is: the parser tells the offending text,
// except for parentheses and a last backslash.
func faultAt(pattern string, fault *syntax.Error) int {
	switch fault.Code {
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		return unbalanced(pattern)
	case syntax.ErrTrailingBackslash:
		return len(pattern) - 1
	}
	return max(strings.Index(pattern, fault.Expr), 0)
}

// unbalanced is the first closing parenthesis without an opening one, else the
// last opening one that is not closed. Escapes and classes do not count.
func unbalanced(pattern string) int {
	var open []int
	class := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
			if strings.HasPrefix(pattern[i+1:], "]") || strings.HasPrefix(pattern[i+1:], "^]") {
				i += strings.IndexByte(pattern[i:], ']') // a literal bracket
			}
		case c == '(':
			open = append(open, i)
		case c == ')' && len(open) == 0:
			return i
		case c == ')':
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return 0
	}
	return open[len(open)-1]
}
