package aks

// Category names a log of the control plane, as diagnostic settings do.
type Category string

// The two categories that carry audit events. All others carry text lines.
const (
	KubeAudit      Category = "kube-audit"
	KubeAuditAdmin Category = "kube-audit-admin"
)

// Audit reports whether the category carries audit events.
func (c Category) Audit() bool { return c == KubeAudit || c == KubeAuditAdmin }

// Setting is what a cluster's diagnostic setting sends of its audit events. The
// documentation says that kube-audit-admin leaves out get and list; whether
// watch is in it is not settled, so it is a setting.
type Setting struct {
	Audit        bool // kube-audit is enabled
	Admin        bool // kube-audit-admin is enabled
	WatchInAdmin bool // kube-audit-admin carries watch
}

// DefaultSetting sends to both categories, with watch in both.
func DefaultSetting() Setting { return Setting{Audit: true, Admin: true, WatchInAdmin: true} }

// Sends tells in which categories an event of that verb arrives. An event whose
// verb is not known ("") may be in either: it is not called absent.
func (s Setting) Sends(verb string) (audit, admin bool) {
	switch verb {
	case "get", "list":
		return s.Audit, false
	case "watch":
		return s.Audit, s.Admin && s.WatchInAdmin
	}
	return s.Audit, s.Admin
}
