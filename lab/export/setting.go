package export

import (
	"strings"
	"time"
)

// Setting is what the exporter needs to know of one diagnostic setting.
type Setting struct {
	// ID names the setting; streams are remembered under it.
	ID string
	// ResourceID is the ARM id of the cluster, in any spelling.
	ResourceID string
	// StorageAccountID and WorkspaceID are the destinations; either may be empty.
	StorageAccountID string
	WorkspaceID      string
	// Logs are the entries of properties.logs.
	Logs []Log
	// Changed is when the setting was last written. A category that it newly
	// enables receives records from then on, never earlier ones.
	Changed time.Time
}

// Log is one entry of a setting's logs: a category or a group of them.
type Log struct {
	Category      string
	CategoryGroup string
	Enabled       bool
}

// auditGroup is what categoryGroup "audit" stands for: the categories that
// Azure's guidance calls security audit logs of AKS.
var auditGroup = map[string]bool{"kube-audit": true, "kube-audit-admin": true, "guard": true}

// wants says whether the setting enables category, by name or by group.
func (s Setting) wants(category string) bool {
	for _, l := range s.Logs {
		if !l.Enabled {
			continue
		}
		switch {
		case l.Category != "":
			if strings.EqualFold(l.Category, category) {
				return true
			}
		case strings.EqualFold(l.CategoryGroup, "allLogs"):
			return true
		case strings.EqualFold(l.CategoryGroup, "audit"):
			if auditGroup[category] {
				return true
			}
		}
	}
	return false
}

// account is the storage account's name, or "" where the setting has none or
// its name could not be one (Azure: 3 to 24 lower-case letters and digits).
func (s Setting) account() string {
	name := strings.ToLower(s.StorageAccountID[strings.LastIndexByte(s.StorageAccountID, '/')+1:])
	if len(name) < 3 || len(name) > 24 {
		return ""
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return ""
		}
	}
	return name
}
