package syntax

// As is `as name`.
type As struct {
	Span
	Params Params
	Name   *Name
}

// Consume is `consume`.
type Consume struct {
	Span
	Params Params
}

// GetSchema is `getschema`.
type GetSchema struct{ Span }

// Render is `render kind with (...)`, which the engine does not act on.
type Render struct {
	Span
	Kind *Name
	With Params
}

// Evaluate is `evaluate plugin(args) : (schema)`, after a bar or leading.
type Evaluate struct {
	Span
	Params Params
	Call   *Call
	Schema *RowSchema
}

// Invoke is `invoke f(args)`.
type Invoke struct {
	Span
	Call *Call
}

func (*As) node()        {}
func (*Consume) node()   {}
func (*GetSchema) node() {}
func (*Render) node()    {}
func (*Evaluate) node()  {}
func (*Invoke) node()    {}

func (*As) operator()        {}
func (*Consume) operator()   {}
func (*GetSchema) operator() {}
func (*Render) operator()    {}
func (*Evaluate) operator()  {}
func (*Invoke) operator()    {}

func (*As) Keyword() string        { return "as" }
func (*Consume) Keyword() string   { return "consume" }
func (*GetSchema) Keyword() string { return "getschema" }
func (*Render) Keyword() string    { return "render" }
func (*Evaluate) Keyword() string  { return "evaluate" }
func (*Invoke) Keyword() string    { return "invoke" }
