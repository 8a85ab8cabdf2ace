package syntax

import (
	"fmt"
	"reflect"
	"strings"
)

// dump writes a tree without its spans, one field a line, so that two trees can
// be compared and goldens read.
func dump(n any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(n), 0)
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil\n")
			return
		}
		dumpValue(b, v.Elem(), depth)
	case reflect.Slice:
		b.WriteString("\n")
		for i := range v.Len() {
			b.WriteString(strings.Repeat("  ", depth) + "- ")
			dumpValue(b, v.Index(i), depth+1)
		}
	case reflect.Struct:
		dumpStruct(b, v, depth)
	case reflect.String:
		fmt.Fprintf(b, "%q\n", v.String())
	default:
		fmt.Fprintf(b, "%v\n", v.Interface())
	}
}

func dumpStruct(b *strings.Builder, v reflect.Value, depth int) {
	b.WriteString(v.Type().Name())
	if l, ok := v.Interface().(Literal); ok {
		fmt.Fprintf(b, " %s %#v\n", l.Type, l.Value)
		return
	}
	if n, ok := v.Interface().(Name); ok {
		fmt.Fprintf(b, " %q", n.Text)
		if n.Bracketed {
			b.WriteString(" bracketed")
		}
		b.WriteString("\n")
		return
	}
	b.WriteString("\n")
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Name == "Span" || f.Name == "OpSpan" || f.Name == "Source" && v.Type().Name() == "Query" || v.Field(i).IsZero() {
			continue
		}
		b.WriteString(strings.Repeat("  ", depth) + f.Name + ": ")
		dumpValue(b, v.Field(i), depth+1)
	}
}
