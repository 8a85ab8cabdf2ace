package export

import (
	"encoding/json"
	"time"
)

// Source is one log file of the control plane and the container it would come
// from on AKS.
type Source struct {
	// Path is the live file. Rotated predecessors are looked for beside it.
	Path string
	// Kind says what a line is.
	Kind Kind
	// Pod, ContainerID and Stream go into the envelope's properties.
	Pod         string
	ContainerID string
	Stream      string
	// Category is the category of a Text source; Audit sources have two.
	Category string
}

// Kind is the closed set of line formats.
type Kind int

const (
	// Audit is one audit.k8s.io/v1 Event a line.
	Audit Kind = iota
	// Text is a component's plain log line.
	Text
)

// AuditSource is the kube-apiserver's audit file.
func AuditSource(path string) Source {
	return Source{
		Path: path, Kind: Audit, Stream: "stdout",
		Pod:         "kube-apiserver-5b7c9d64f8-lab01",
		ContainerID: "1ab0000000000000000000000000000000000000000000000000000000000001",
	}
}

// GuardSource is the log of the Entra webhook, plain klog text.
func GuardSource(path string) Source {
	return Source{
		Path: path, Kind: Text, Stream: "stderr", Category: "guard",
		Pod:         "guard-6c9f7d55bb-lab01",
		ContainerID: "1ab0000000000000000000000000000000000000000000000000000000000002",
	}
}

// adminOmits are the verbs left out of kube-audit-admin. Azure's two texts
// disagree: the category's reference says "get and list", the release notes of
// 2020-08-31 say it holds write verbs only. Both agree on get and list; watch
// is a read, so it stays out unless Exporter.AdminWatch asks for it;
// deletecollection is a write and is delivered.
var adminOmits = map[string]bool{"get": true, "list": true, "watch": true}

// head is what routing needs to know of an audit event.
type head struct {
	Verb           string `json:"verb"`
	StageTimestamp string `json:"stageTimestamp"`
}

// categories lists where a line of the source belongs, before any setting is
// asked. A line that is no JSON still was written by the apiserver: it goes to
// kube-audit, where nothing may be missing.
func (s Source) categories(line []byte, adminWatch bool) ([]string, head) {
	if s.Kind == Text {
		return []string{s.Category}, head{}
	}
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return []string{"kube-audit"}, head{}
	}
	if adminOmits[h.Verb] && !(adminWatch && h.Verb == "watch") {
		return []string{"kube-audit"}, h
	}
	return []string{"kube-audit", "kube-audit-admin"}, h
}

// collectorLag is how long after the apiserver wrote an event its envelope is
// stamped: on AKS the container runtime reads the line 100 to 400 µs later. The
// lab's exporter looks at the file now and then, which says nothing about the
// event, so that its envelopes carry a fixed lag: they sort as the events do.
const collectorLag = 183417 * time.Nanosecond

// times are when the apiserver finished the event, and the envelope's time.
// A line without a stage time is stamped when it was read.
func (h head) times(read time.Time) (staged, stamped time.Time) {
	staged, err := time.Parse(time.RFC3339Nano, h.StageTimestamp)
	if err != nil {
		return read, read
	}
	return staged, staged.Add(collectorLag)
}
