package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Rule is a check as SARIF describes one.
type Rule struct {
	ID, Title, Why, Remedy, Doc string
	Severity                    Severity
	Tags                        []string
}

// sarifLevel: SARIF knows four levels.
func sarifLevel(s Severity) string {
	switch s {
	case High, Critical:
		return "error"
	case Medium:
		return "warning"
	}
	return "note"
}

// score is GitHub's security-severity, 0 to 10.
func score(s Severity) string {
	return map[Severity]string{Info: "0.0", Low: "3.0", Medium: "5.5", High: "8.0", Critical: "9.5"}[s]
}

// Sarif writes findings as SARIF 2.1.0 (OASIS, errata 01). Every finding is of a
// rule in rules. Waivers are suppressions; what the provider keeps so is of kind
// informational, whose level SARIF wants to be none.
func Sarif(w io.Writer, findings []Finding, rules []Rule, tool, version string) error {
	type object = map[string]any
	described := []any{}
	for _, r := range rules {
		described = append(described, object{
			"id": r.ID, "name": r.ID, "shortDescription": object{"text": r.Title}, "fullDescription": object{"text": r.Why},
			"help": object{"text": r.Why + "\n\nRemedy: " + r.Remedy}, "helpUri": r.Doc,
			"defaultConfiguration": object{"level": sarifLevel(r.Severity)},
			"properties":           object{"security-severity": score(r.Severity), "tags": append([]string{"security"}, r.Tags...)},
		})
	}
	results := []any{}
	for _, f := range findings {
		at := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == f.Check })
		if at < 0 {
			return fmt.Errorf("write SARIF: finding of %s, which is no rule", f.Check)
		}
		message := f.What
		for _, e := range f.Evidence {
			message += "\n" + e.What
		}
		sum := sha256.Sum256([]byte(strings.Join([]string{f.Check, strings.ToLower(f.Cluster), f.Object}, "\x00")))
		uri := strings.TrimPrefix(f.Cluster, "/")
		name := strings.TrimSuffix(f.Cluster+"/"+f.Object, "/")
		result := object{
			"ruleId": f.Check, "ruleIndex": at, "level": sarifLevel(f.Severity), "kind": "fail", "message": object{"text": message},
			"locations": []any{object{
				"physicalLocation": object{"artifactLocation": object{"uri": escape(uri)}},
				"logicalLocations": []any{object{"fullyQualifiedName": name, "kind": "resource"}},
			}},
			"partialFingerprints": object{"posternFinding/v1": hex.EncodeToString(sum[:])},
			"properties":          object{"severity": f.Severity, "remedy": f.Remedy},
		}
		if f.Managed {
			result["kind"], result["level"] = "informational", "none"
		}
		if f.Waiver != nil {
			result["suppressions"] = []any{object{"kind": "external", "status": "accepted", "justification": f.Waiver.Reason + " (" + f.Waiver.Approver + ")"}}
		}
		results = append(results, result)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	err := e.Encode(object{
		"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "version": "2.1.0",
		"runs": []any{object{
			"tool":    object{"driver": object{"name": tool, "version": version, "rules": described}},
			"results": results, "columnKind": "utf16CodeUnits",
		}},
	})
	if err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

// escape writes an ARM id as the path of a URI.
func escape(id string) string {
	var b strings.Builder
	for _, c := range []byte(id) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~/()", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
