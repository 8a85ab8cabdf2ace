package graph

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/postern-dev/postern/internal/report"
)

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageCSS string

//go:embed page/page.js
var pageJS string

// HTML writes the graph as one page that needs no network and asks for none: its
// policy allows its own script and style by their hashes and nothing else.
func (g *Graph) HTML(w io.Writer) error {
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(true) // so that no name ends the script element
	if err := enc.Encode(g.page()); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	policy := "default-src 'none'; script-src " + sourceHash(pageJS) + "; style-src " + sourceHash(pageCSS) + "; base-uri 'none'; form-action 'none'"
	page := strings.NewReplacer(
		"{{title}}", html.EscapeString(g.Title()), "{{csp}}", policy,
		"{{style}}", pageCSS, "{{script}}", pageJS, "{{data}}", strings.TrimSpace(data.String()),
	)
	if _, err := page.WriteString(w, pageHTML); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	return nil
}

// sourceHash is how a Content-Security-Policy names one inline element.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// pageData is what the script draws: the Graph, with texts it need not make.
type pageData struct {
	*Graph
	Clusters []pageCluster `json:"clusters"`
	Nodes    []pageNode    `json:"nodes"`
	Warnings []string      `json:"warnings"`
	Limits   []string      `json:"limits"`
}

type pageCluster struct {
	Cluster
	Label string `json:"label"`
}

type pageNode struct {
	Node
	Label string     `json:"label"` // control characters made visible
	Rules []pageRule `json:"rules,omitempty"`
	Where string     `json:"where,omitempty"`
}

type pageRule struct {
	Rule
	Where string `json:"where,omitempty"`
}

func (g *Graph) page() pageData {
	d := pageData{Graph: g, Clusters: []pageCluster{}, Nodes: []pageNode{}, Warnings: []string{}, Limits: append([]string{}, g.Limits()...)}
	for _, c := range g.Clusters {
		d.Clusters = append(d.Clusters, pageCluster{c, report.Clean(c.Label())})
	}
	for _, n := range g.Nodes {
		p := pageNode{Node: n, Label: report.Clean(n.Label()), Where: where(n.At.File, n.At.String())}
		p.Warnings = nil
		for _, w := range n.Warnings {
			p.Warnings = append(p.Warnings, report.Clean(w))
		}
		for _, r := range n.Rules {
			p.Rules = append(p.Rules, pageRule{r, where(r.At.File, r.At.String())})
		}
		d.Nodes = append(d.Nodes, p)
	}
	for _, w := range g.Warnings {
		d.Warnings = append(d.Warnings, report.Clean(w))
	}
	return d
}

func where(file, text string) string {
	if file == "" {
		return ""
	}
	return report.Clean(text)
}
