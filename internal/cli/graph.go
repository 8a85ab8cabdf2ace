package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/graph"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

type graphOptions struct {
	pattern string
	roles   []string
	system  bool
	paths   bool
	out     string
	most    int
	names   string
}

func newGraphCmd(env *Env) *cobra.Command {
	var o graphOptions
	cmd := &cobra.Command{
		Use:   "graph [SUBJECT]...",
		Short: "Subjects, bindings, roles and power as a picture",
		Long: `Draw who is bound to what: subjects, the groups all of them are in, bindings,
roles, the ClusterRoles these take rules from, namespaces, and who may do
everything. Without SUBJECT, -e and --role: of the whole cluster.

With SUBJECT (user:NAME, group:NAME, sa:NAMESPACE/NAME, or a bare name) or -e,
these subjects and what they reach; with --role NAME or NAMESPACE/NAME, who holds
the role and what it is made of. What every cluster ships with (bindings called
system: that give system: roles to system: subjects) is left out and counted;
--system draws it. --paths adds the steps by which somebody can make himself
cluster-admin.

-o html is one page with search and focus that needs no network; dot is for
graphviz, mermaid for Markdown, json for programs, table lists the edges. --out
writes a file, whose name (.html, .dot, .mmd, .json, …) says the format where -o
does not. Reads the cluster, or with -f manifests and snapshots; several
snapshots are drawn side by side.`,
		Example: `  postern graph --out rbac.html
  postern graph user:hshahin@contoso.example --paths --out me.html
  postern graph --role cluster-admin
  postern graph -n production -o dot | dot -Tsvg > production.svg
  helm template chart | postern graph -f - -o mermaid`,
		RunE: func(cmd *cobra.Command, args []string) error { return runGraph(cmd, env, args, o) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.pattern, "regex", "e", "", "subjects whose name matches this regular expression (RE2), and what they reach")
	f.StringArrayVar(&o.roles, "role", nil, "roles of this name (or NAMESPACE/NAME), who holds them and what feeds them")
	f.BoolVar(&o.system, "system", false, "draw what every cluster ships with, too")
	f.BoolVar(&o.paths, "paths", false, "escalation: paths to cluster-admin")
	f.StringVar(&o.out, "out", "", "write to this file (readable by you only) instead of stdout")
	f.IntVar(&o.most, "max-nodes", 0, "refuse to draw more (default 1000 for dot, 200 for mermaid, 20000 for html; json and table have no limit)")
	namesFlag(cmd, &o.names)
	return uses(cmd, "kubeconfig", "context", "namespace", "all-namespaces", "filename")
}

func runGraph(cmd *cobra.Command, env *Env, args []string, o graphOptions) error {
	format, err := o.format(cmd, env)
	if err != nil {
		return err
	}
	mode, err := env.namesMode(o.names)
	if err != nil {
		return err
	}
	choice, err := o.choice(cmd, env, args)
	if err != nil {
		return err
	}
	parts := []cluster.Part{cluster.RBAC}
	if o.paths {
		parts = append(parts, cluster.Version, cluster.Namespaces)
	}
	snaps, err := env.snapshots(cmd.Context(), parts...)
	if err != nil {
		return err
	}
	if err := undrawable(snaps); err != nil {
		return err
	}
	var sources []graph.Source
	for _, s := range snaps {
		sources = append(sources, graph.Source{Snapshot: s, Name: graphName(s)})
	}
	g, err := graph.Build(sources, choice)
	if err != nil {
		return noSuch(err, snaps)
	}
	if err := o.tooMany(g, format); err != nil {
		return err
	}
	env.nameNodes(cmd.Context(), mode, snaps, g)
	if err := o.write(env, g, format); err != nil {
		return err
	}
	env.sayGraph(g, snaps, format)
	return incompleteGraph(g)
}

// graphName is how a picture calls a cluster.
func graphName(s *snapshot.Snapshot) string {
	if s.Source.Kind == snapshot.Cluster && s.Source.Context != "" {
		return s.Source.Context + " (" + s.Source.Server + ")"
	}
	if s.Name != "" {
		return s.Name
	}
	return strings.Join(s.Source.Files, ", ")
}

// graphExtension is what the name of a file says of its format.
func graphExtension(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".html", ".htm":
		return "html"
	case ".dot", ".gv":
		return "dot"
	case ".mmd", ".mermaid":
		return "mermaid"
	case ".json":
		return "json"
	case ".yaml", ".yml":
		return "yaml"
	case ".csv":
		return "csv"
	}
	return ""
}

func (o graphOptions) format(cmd *cobra.Command, env *Env) (string, error) {
	if env.Flags.Output == "" && o.out != "" {
		if format := graphExtension(o.out); format != "" {
			return format, nil
		}
	}
	return env.format(cmd, "table", "wide", "json", "yaml", "csv", "name", "dot", "mermaid", "html")
}

// choice settles SUBJECT, -e, --role and -n.
func (o graphOptions) choice(cmd *cobra.Command, env *Env, args []string) (graph.Options, error) {
	c := graph.Options{Namespace: env.Flags.Namespace, System: o.system, Paths: o.paths, Roles: o.roles}
	if cmd.Flags().Changed("regex") {
		if len(args) > 0 {
			return c, usageError("a SUBJECT is an exact name, -e a pattern", "give SUBJECT or -e, not both")
		}
		pattern, err := regexp.Compile(o.pattern)
		if err != nil {
			return c, patternError(o.pattern, err)
		}
		c.Pattern = pattern
	}
	for _, text := range args {
		asked, err := parseSubject(text)
		if err != nil {
			return c, err
		}
		c.Subjects = append(c.Subjects, graph.Asked(asked))
	}
	for _, r := range o.roles {
		if strings.TrimSpace(r) == "" {
			return c, usageError("", "--role is empty, want NAME or NAMESPACE/NAME")
		}
	}
	if cmd.Flags().Changed("max-nodes") && o.most < 1 {
		return c, usageError("", "--max-nodes is %d, want at least 1", o.most)
	}
	return c, nil
}

// tooMany refuses what nobody could read, or a renderer would not take.
func (o graphOptions) tooMany(g *graph.Graph, format string) error {
	most := o.most
	if most == 0 {
		most = map[string]int{"dot": 1000, "mermaid": 200, "html": 20_000}[format]
	}
	hint := "choose by SUBJECT, -e, --role or -n, or raise --max-nodes"
	if format != "html" {
		hint += "; -o html draws neighbourhoods of large graphs"
	}
	if most > 0 && len(g.Nodes) > most {
		return usageError(hint, "the graph has %d nodes, more than the %d that %s is drawn with", len(g.Nodes), most, format)
	}
	if format == "mermaid" && o.most == 0 && len(g.Edges) > graph.MermaidEdges {
		return usageError(hint, "the graph has %d edges, more than the %d that Mermaid renderers take (maxEdges)", len(g.Edges), graph.MermaidEdges)
	}
	return nil
}

// write prints the graph, or puts it into the file, all of it or nothing.
func (o graphOptions) write(env *Env, g *graph.Graph, format string) error {
	if o.out == "" || o.out == "-" {
		return env.writeGraph(env.Stdout, g, format)
	}
	var text bytes.Buffer
	plain := *env
	plain.StdoutTerminal = false
	if err := plain.writeGraph(&text, g, format); err != nil {
		return err
	}
	if err := replaceGraph(o.out, text.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", o.out, err)
	}
	nodes, edges := int64(len(g.Nodes)), int64(len(g.Edges))
	env.Say("%s has %s %s and %s %s", report.Clean(o.out), grouped(nodes), plural(nodes, "node"), grouped(edges), plural(edges, "edge"))
	return nil
}

// replaceGraph writes beside the file and renames, so that no reader meets half
// of it. What it says of a cluster is not for everybody on the machine.
func replaceGraph(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return reason(err)
	}
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(reason(err), os.Remove(f.Name()))
	}
	return nil
}

// reason drops the path of a temporary file, which means nothing to anybody.
func reason(err error) error {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

func (e *Env) writeGraph(w io.Writer, g *graph.Graph, format string) error {
	switch format {
	case "json":
		return report.JSON(w, g)
	case "yaml":
		return report.YAML(w, g)
	case "dot":
		return g.Dot(w)
	case "mermaid":
		return e.writeMermaid(w, g)
	case "html":
		return g.HTML(w)
	case "csv":
		return edgeTable(g).CSV(w)
	case "name":
		return nodeNames(w, g)
	}
	return e.writeEdges(w, g, format == "wide")
}

func (e *Env) writeMermaid(w io.Writer, g *graph.Graph) error {
	var text bytes.Buffer
	if err := g.Mermaid(&text); err != nil {
		return err
	}
	if text.Len() > graph.MermaidText {
		e.Warn("the diagram has %d characters; Mermaid renderers take %d unless maxTextSize is raised", text.Len(), graph.MermaidText)
	}
	_, err := w.Write(text.Bytes())
	return err
}

// undrawable is the error of snapshots of which nothing could be read.
func undrawable(snaps []*snapshot.Snapshot) error {
	for _, s := range snaps {
		nothing := s.Missing(snapshot.ClusterRoleBindings) && s.Missing(snapshot.RoleBindings) && s.Missing(snapshot.ClusterRoles) && s.Missing(snapshot.Roles)
		if s.Source.Kind == snapshot.Files {
			nothing = s.Missing(snapshot.Manifest) && len(s.RBAC.Bindings)+len(s.RBAC.Roles) == 0
		}
		if !nothing {
			return nil
		}
	}
	var lines []string
	for _, s := range snaps {
		lines = append(lines, reasons(s))
	}
	return &ExitError{Code: ExitRefused, Err: fmt.Errorf("no RBAC object could be read:\n%s", strings.Join(lines, "\n")),
		Hint: "ask for get and list on the rbac.authorization.k8s.io resources (ClusterRole view does not include them)"}
}

// noSuch: a name that nothing has is a usage error, unless it may be in what
// could not be read.
func noSuch(err error, snaps []*snapshot.Snapshot) error {
	var no *graph.NoSuch
	if !errors.As(err, &no) {
		return err
	}
	exit := &ExitError{Code: ExitUsage, Err: errors.New(report.Clean(err.Error()))}
	if len(no.Near) > 0 {
		exit.Hint = report.Clean("there is " + strings.Join(no.Near, ", "))
	} else if no.What == "subject" {
		exit.Hint = subjectHint + "; only what a binding names is drawn"
	}
	if no.Incomplete {
		exit.Code = ExitUnknown
		var lines []string
		for _, s := range snaps {
			if text := reasons(s); text != "" {
				lines = append(lines, text)
			}
		}
		exit.Err = fmt.Errorf("%s in what could be read; this could not be:\n%s", report.Clean(err.Error()), strings.Join(lines, "\n"))
	}
	return exit
}

// incompleteGraph says after the picture that a part of it is missing.
func incompleteGraph(g *graph.Graph) error {
	if !g.Incomplete() {
		return nil
	}
	var lines, hints []string
	for _, c := range g.Clusters {
		for _, u := range c.Unknown {
			line := u.Why
			if u.What != snapshot.Manifest {
				line = u.What + ": " + line
			}
			if len(g.Clusters) > 1 {
				line = c.Label() + ": " + line
			}
			lines = append(lines, report.Clean(line))
			if u.Hint != "" && !slices.Contains(hints, u.Hint) {
				hints = append(hints, u.Hint)
			}
		}
	}
	return &ExitError{Code: ExitUnknown, Err: errors.New("the picture is incomplete, this could not be read:\n" + strings.Join(lines, "\n")), Hint: report.Clean(strings.Join(hints, "; "))}
}
