package posture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// accessChecks look at who holds what, beyond single settings: what other
// scanners do not ask.
func accessChecks() []Check {
	return slices.Concat(holderChecks(), groupChecks(), assignmentChecks(), logChecks(), useChecks(), otherDoorChecks())
}

// comesIn: a holder who can use the key now.
func comesIn(h doors.Holder) bool {
	return h.How == doors.Active && !h.Principal.Disabled && !h.Principal.Deleted
}

// nameOf is a principal as people know it.
func nameOf(p doors.Principal) string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID
}

// pathOf is the evidence of a holder.
func pathOf(h doors.Holder) finding.Evidence {
	var steps []string
	from := ""
	for _, s := range h.Path {
		steps, from = append(steps, s.What), s.From
	}
	text := nameOf(h.Principal) + " (" + string(h.How) + "): " + strings.Join(steps, "; ")
	if h.Unsure != "" {
		text += "; unsure: " + h.Unsure
	}
	return finding.Evidence{What: text, From: from}
}

// held tells of a door's holders that meet a condition; what of the door is not
// known is said too.
func held(c *cluster, d doors.Door, what string, want func(doors.Holder) bool) {
	var evidence []finding.Evidence
	var names []string
	for _, h := range d.Holders {
		if want(h) {
			evidence = append(evidence, pathOf(h))
			if n := nameOf(h.Principal); !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	if len(evidence) > 0 {
		c.fail(fmt.Sprintf("%d %s: %s", len(names), what, strings.Join(names, ", ")), evidence...)
	}
	switch {
	case d.State == doors.Unknown:
		c.unknown("%s", d.Why)
	case len(d.HoldersUnknown) > 0:
		c.unknown("there may be more holders: %s", d.HoldersUnknown[0])
	}
}

func isOpen(s doors.State) bool { return s == doors.Open }

func holderChecks() []Check {
	return []Check{
		{
			ID: "ca-not-rotated", Title: "Credentials handed out before are dead", Severity: finding.High,
			Why:        "Disabling local accounts ends the download. Certificates and tokens fetched before go on working until the CA is rotated.",
			Remedy:     "az aks rotate-certs -g {rg} -n {name} (recreates nodes, scale sets and disks; up to 30 minutes of downtime), then postern doors --prove OLD.kubeconfig",
			Doc:        learn + "certificate-rotation",
			References: ref(iso, "A.5.18", soc, "CC6.1"),
			run: func(c *cluster) {
				if !c.settings() || !c.on(localAccounts) {
					return
				}
				switch d := c.door(doors.OldCredentials); {
				case isOpen(d.State):
					c.fail("local accounts are off, and what was handed out before still opens the cluster: "+d.Why, append(fromDoor(d), c.says(localAccounts))...)
				case d.State == doors.Unknown:
					c.unknown("%s", d.Why)
				}
			},
		},
		{
			ID: "admin-credential-holders", Title: "Few hold the key of the local account", Severity: finding.Medium,
			Why:        "Who may list the admin credential is cluster-admin by name of nobody: by Owner and Contributor above, by custom roles, through nested groups.",
			Remedy:     "postern doors --cluster {name} shows each path; az role assignment delete --assignee PRINCIPAL --role ROLE --scope SCOPE",
			Doc:        learn + "control-kubeconfig-access",
			References: ref("Azure review checklist", "05.01.03", iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				d := c.door(doors.AdminCredential)
				if d.State == doors.Closed || d.State == doors.Proved {
					return
				}
				held(c, d, "may fetch the shared admin credential", func(h doors.Holder) bool {
					return comesIn(h) || h.How == doors.Eligible && !h.Principal.Disabled && !h.Principal.Deleted
				})
			},
		},
		{
			ID: "standing-admin", Title: "cluster-admin is held for a time only", Severity: finding.Low,
			Why:        "Who is cluster-admin at all times loses it with their laptop. An eligible member activates it with a reason, for hours.",
			Remedy:     "make members of the admin group eligible in PIM for Groups",
			Doc:        learn + "privileged-identity-management",
			References: ref("Azure review checklist", "05.01.08", iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				d := c.door(doors.AdminGroup)
				if d.State == doors.Closed {
					return
				}
				held(c, d, "hold cluster-admin at all times through the admin group", comesIn)
			},
		},
		{
			ID: "conditional-access", Title: "Conditional Access guards the API server's application", Severity: finding.Low,
			Why:        "A policy on application 6dae42f8-4368-4678-94ff-3960e28e3630 asks for a second factor and a known device before kubectl gets a token.",
			Remedy:     "target Azure Kubernetes Service AAD Server with a Conditional Access policy",
			Doc:        learn + "access-control-managed-azure-ad",
			References: ref("Azure review checklist", "05.01.10"),
			run:        func(c *cluster) { c.unknown("Conditional Access policies are not read") },
		},
		{
			ID: "reopeners", Title: "Few can open again what is closed", Severity: finding.Medium,
			Why:        "Whoever may write the cluster, or role assignments above it, turns local accounts on again or gives themselves any key.",
			Remedy:     "postern harden --as policy keeps it closed; postern doors --cluster {name} shows who",
			Doc:        learn + "manage-local-accounts-managed-azure-ad",
			References: ref(iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				held(c, c.door(doors.ClusterWrite), "may change the cluster's settings", comesIn)
			},
		},
		{
			ID: "self-granters", Title: "Few can give themselves a role", Severity: finding.Medium,
			Why:        "Microsoft.Authorization/roleAssignments/write at or above the cluster is every other role.",
			Remedy:     "az role assignment delete --assignee PRINCIPAL --role ROLE --scope SCOPE; use eligible assignments",
			Doc:        "https://learn.microsoft.com/en-us/azure/role-based-access-control/best-practices",
			References: ref(iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				held(c, c.door(doors.AssignmentWrite), "may write role assignments at the cluster", comesIn)
			},
		},
		{
			ID: "cluster-admin-role-run-command", Title: "Nobody holds run command unawares", Severity: finding.Low,
			Why:        "Azure Kubernetes Service Cluster Admin Role, given to fetch a kubeconfig, has managedClusters/runcommand/action too.",
			Remedy:     "postern harden run-command --cluster {name}, or assign Cluster User Role instead",
			Doc:        learn + "access-private-cluster",
			References: nil,
			run: func(c *cluster) {
				d := c.door(doors.RunCommand)
				if d.State == doors.Closed || d.State == doors.Proved {
					return
				}
				held(c, d, "may run commands through the Cluster Admin Role", func(h doors.Holder) bool {
					return comesIn(h) && slices.ContainsFunc(h.Path, func(s doors.Step) bool {
						return strings.Contains(s.What, "Azure Kubernetes Service Cluster Admin Role") || strings.Contains(strings.ToLower(s.What), "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8")
					})
				})
			},
		},
	}
}

// crowd is how many members of an admin group are too many to know each other.
const crowd = 10

func groupChecks() []Check {
	group := func(id, title string, severity finding.Severity, why, remedy string, run func(c *cluster, d doors.Door, groups []string)) Check {
		return Check{ID: id, Title: title, Severity: severity, Why: why, Remedy: remedy, Doc: learn + "enable-authentication-microsoft-entra-id", References: ref(iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				if !c.settings() || c.get(aadProfile) == nil {
					return
				}
				var groups []string
				for _, g := range c.list(adminGroups) {
					if id, ok := g.(string); ok {
						groups = append(groups, id)
					}
				}
				if len(groups) > 0 {
					run(c, c.door(doors.AdminGroup), groups)
				}
			}}
	}
	return []Check{
		group("admin-group-empty", "Somebody enabled is in the admin group", finding.High, "A group that nobody can come in through leaves the local account as the only way to repair the cluster.",
			"az ad group member add --group GROUP --member-id USER", func(c *cluster, d doors.Door, groups []string) {
				if slices.ContainsFunc(d.Holders, func(h doors.Holder) bool {
					return h.Unsure == "" && !h.Principal.Disabled && !h.Principal.Deleted && (h.How == doors.Active || h.How == doors.Eligible)
				}) {
					return
				}
				if len(d.HoldersUnknown) > 0 || d.State == doors.Unknown {
					c.unknown("who is in the admin group could not be read: %s", strings.Join(append(d.HoldersUnknown, d.Why), "; "))
					return
				}
				c.fail("nobody enabled is in the admin group", append(fromDoor(d), c.says(adminGroups))...)
			}),
		group("admin-group-guests", "No guest is cluster-admin", finding.Medium, "A guest's account is kept, and taken over, in another tenant.",
			"az ad group member remove --group GROUP --member-id USER", func(c *cluster, d doors.Door, _ []string) {
				held(c, d, "guests hold cluster-admin", func(h doors.Holder) bool {
					return h.Principal.Guest && (comesIn(h) || h.How == doors.Eligible)
				})
			}),
		group("admin-group-size", "The admin group is small", finding.Low, "Where more than ten are cluster-admin, nobody knows who needs it.",
			"give roles of less power: postern who-can and postern access show what is used", func(c *cluster, d doors.Door, _ []string) {
				seen := map[string]bool{}
				for _, h := range d.Holders {
					if comesIn(h) {
						seen[fold(h.Principal.ID)] = true
					}
				}
				switch {
				case len(seen) > crowd:
					c.fail(fmt.Sprintf("%d hold cluster-admin through the admin group", len(seen)), append(fromDoor(d), c.says(adminGroups))...)
				case len(d.HoldersUnknown) > 0:
					c.unknown("there may be more members: %s", d.HoldersUnknown[0])
				}
			}),
		group("admin-group-deleted", "Every admin group exists", finding.Medium, "A group that is gone gives nobody anything, and hides that nobody is left.",
			"az aks update -g {rg} -n {name} --aad-admin-group-object-ids GROUP", func(c *cluster, _ doors.Door, groups []string) {
				for _, g := range groups {
					p, known := c.people[fold(g)]
					switch why, missing := c.missing(snapshot.PiecePrincipals, g); {
					case known && p.Deleted:
						c.fail("admin group "+g+" is not in the directory", c.says(adminGroups))
					case missing:
						c.unknown("%s", why)
					case !known || p.Kind == snapshot.UnknownPrincipal:
						c.unknown("who %s is, is not known", g)
					}
				}
			}),
	}
}

func assignmentChecks() []Check {
	return []Check{
		{
			ID: "rbac-admin-is-cluster-admin", Title: "Azure RBAC gives cluster-admin to few", Severity: finding.Medium,
			Why:        "RBAC Admin at the cluster may write ClusterRoleBindings: it is cluster-admin with one more step.",
			Remedy:     "assign it on a namespace: --scope {id}/namespaces/NAMESPACE",
			Doc:        learn + "manage-azure-rbac",
			References: ref(iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				if !c.settings() {
					return
				}
				if d := c.door(doors.AzureRBAC); c.doors.AzureRBAC {
					held(c, d, "are cluster-admin by a role assignment", func(h doors.Holder) bool { return comesIn(h) && h.Scope == "" && h.Power == "cluster-admin" })
				}
			},
		},
		{
			ID: "namespace-assignments", Title: "Role assignments on namespaces are known", Severity: finding.Info,
			Why:        "A listing at the cluster's scope, and the portal, do not show them.",
			Remedy:     "az rest --method get --url 'https://management.azure.com/subscriptions/SUBSCRIPTION/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01' and look for scopes below {id}/namespaces",
			Doc:        learn + "manage-azure-rbac",
			References: nil,
			run: func(c *cluster) {
				why, missing := c.missing(snapshot.PieceAssignments, "/subscriptions/"+c.doors.Subscription)
				if missing {
					c.unknown("%s", why)
				}
				prefix := fold(c.ID) + "/"
				for _, a := range c.tenant.Assignments {
					rest, below := strings.CutPrefix(fold(a.Scope), prefix)
					if below && (strings.HasPrefix(rest, "namespaces/") || strings.HasPrefix(rest, "managednamespaces/")) {
						who := a.PrincipalID
						if p := c.people[fold(who)]; p != nil && p.UPN+p.Name != "" {
							who = strings.TrimSpace(p.UPN + " " + p.Name)
						}
						c.failAt(a.Scope[len(c.ID)+1:], who+" has a role assignment on "+a.Scope[len(c.ID)+1:], finding.Evidence{What: "role definition " + a.RoleDefinitionID + " at " + a.Scope, From: a.ID, At: c.tenant.Taken})
					}
				}
			},
		},
		{
			ID: "bindings-under-azure-rbac", Title: "Bindings beside Azure RBAC are known", Severity: finding.Low,
			Why:        "With Azure RBAC on, Kubernetes bindings and the admin group go on allowing: taking a role assignment away then takes nothing away.",
			Remedy:     "kubectl delete the bindings that a role assignment replaces",
			Doc:        learn + "manage-azure-rbac",
			References: ref(soc, "CC6.3"),
			run: func(c *cluster) {
				if !c.settings() || !c.on(aadProfile+".enableAzureRBAC") || !c.kubernetes(rbacParts()...) {
					return
				}
				for _, b := range c.index.Policy().Bindings {
					for _, s := range b.Subjects {
						if s = subjectIn(b, s); c.people[fold(s.Name)] != nil && !c.managed(b, s) {
							c.failAt(bindingAt(b), s.String()+" of the directory is bound beside Azure RBAC", finding.Evidence{What: bindingAt(b) + " binds " + s.String() + " to " + string(b.Role.Kind) + " " + b.Role.Name, From: bindingAt(b), At: c.Kubernetes.Taken})
						}
					}
				}
			},
		},
		{
			ID: "bindings-of-deleted", Title: "No binding names somebody who is gone", Severity: finding.Low,
			Why:        "Such a binding says that somebody has access who has not, and hides who should have it.",
			Remedy:     "kubectl delete the binding, or its subject",
			Doc:        goodPractices,
			References: ref(iso, "A.5.18", soc, "CC6.2"),
			run: func(c *cluster) {
				if !c.kubernetes(rbacParts()...) {
					return
				}
				for _, b := range c.index.Policy().Bindings {
					for _, s := range b.Subjects {
						if p := c.people[fold(s.Name)]; p != nil && p.Deleted {
							c.failAt(bindingAt(b), s.String()+" is not in the directory any more", finding.Evidence{What: bindingAt(b) + " names " + s.String(), From: bindingAt(b), At: c.Kubernetes.Taken})
						} else if p != nil && p.Kind == snapshot.UnknownPrincipal {
							c.unknown("who %s of %s is could not be read", s.Name, bindingAt(b))
						}
					}
				}
			},
		},
	}
}

func logChecks() []Check {
	log := func(id, title string, severity finding.Severity, why string, run func(c *cluster, all []setting)) Check {
		return Check{ID: id, Title: title, Severity: severity, Why: why, Remedy: diagnosticRemedy, Doc: learn + "monitor-aks", References: ref(soc, "CC7.2"),
			run: func(c *cluster) {
				if all, ok := c.diagnostic(); ok {
					run(c, all)
				}
			}}
	}
	return []Check{
		log("audit-twice", "No write is paid for twice", finding.Info, "kube-audit and kube-audit-admin to the same place hold every write twice.", func(c *cluster, all []setting) {
			for _, a := range all {
				for _, b := range all {
					if w := a.Properties.WorkspaceID; w != "" && strings.EqualFold(w, b.Properties.WorkspaceID) && a.sends("kube-audit") && b.sends("kube-audit-admin") {
						c.fail("one workspace receives kube-audit and kube-audit-admin", c.settingsEvidence([]setting{a, b})...)
						return
					}
				}
			}
		}),
		log("guard-log", "Sign-ins of Entra are logged", finding.Medium, "Category guard says who signed in and who was refused by Azure RBAC.", func(c *cluster, all []setting) {
			if !c.settings() {
				return
			}
			if c.get(aadProfile) != nil && !sent(all, "guard") {
				c.fail("the cluster has Entra integration and its guard log goes nowhere", c.settingsEvidence(all)...)
			}
		}),
		log("dedicated-tables", "Logs go to tables of their own", finding.Info, "AzureDiagnostics trims fields at 32 KiB and cannot be Basic plan; AKSAudit and AKSAuditAdmin have typed columns.", func(c *cluster, all []setting) {
			for _, s := range all {
				if s.Properties.WorkspaceID != "" && !strings.EqualFold(s.Properties.LogAnalyticsDestinationType, "Dedicated") && (s.sends("kube-audit") || s.sends("kube-audit-admin") || s.sends("guard")) {
					c.fail("diagnostic setting "+s.Name+" writes to AzureDiagnostics", c.settingsEvidence([]setting{s})...)
				}
			}
		}),
		log("reads-not-logged", "Somebody can see what was read", finding.Low, "kube-audit-admin leaves out get and list: who read a Secret, and who exec'd over WebSocket, is then unknown.", func(c *cluster, all []setting) {
			if sent(all, "kube-audit-admin") && !sent(all, "kube-audit") {
				c.fail("only kube-audit-admin is sent: reads, and exec over WebSocket, are not logged", c.settingsEvidence(all)...)
			}
		}),
		{
			ID: "admin-credential-pulls", Title: "Nobody fetches the shared credential", Severity: finding.Medium,
			Why:        "Who fetched it may have kept it, and used it as nobody. Whether there was a ticket or an activation for it is not known here.",
			Remedy:     "ask them; then disable local accounts and rotate the CA",
			Doc:        learn + "control-kubeconfig-access",
			References: ref("MITRE ATT&CK", "T1552.007", iso, "A.5.15", soc, "CC7.2"),
			run: func(c *cluster) {
				if why, missing := c.missing(snapshot.PieceActivity, "/subscriptions/"+c.doors.Subscription); missing {
					c.unknown("%s", why)
				}
				for _, a := range c.tenant.Activity {
					if !c.pull(a) {
						continue
					}
					c.fail(a.Caller+" fetched the shared credential", finding.Evidence{What: a.Operation + " by " + a.Caller + " from " + a.Address, From: a.ID, At: a.Time})
				}
			},
		},
	}
}

// pull: the activity fetched the cluster's shared credential.
func (c *cluster) pull(a snapshot.Activity) bool {
	op := strings.ToLower(a.Operation)
	return (fold(a.Resource) == fold(c.ID) || strings.HasPrefix(fold(a.Resource), fold(c.ID)+"/")) && strings.EqualFold(a.Status, "Succeeded") &&
		(strings.HasSuffix(op, "/listclusteradmincredential/action") || strings.HasSuffix(op, "/accessprofiles/listcredential/action"))
}

func otherDoorChecks() []Check {
	door := func(id, title string, severity finding.Severity, why, remedy, doc string, kind doors.Kind) Check {
		return Check{ID: id, Title: title, Severity: severity, Why: why, Remedy: remedy, Doc: doc, References: ref(soc, "CC6.1"),
			run: func(c *cluster) {
				switch d := c.door(kind); d.State {
				case doors.Open:
					evidence := fromDoor(d)
					for _, h := range d.Holders {
						evidence = append(evidence, pathOf(h))
					}
					c.fail(d.Why, evidence...)
				case doors.Unknown:
					c.unknown("%s", d.Why)
				}
			}}
	}
	return []Check{
		door("trusted-access", "No other Azure resource reaches into the cluster unawares", finding.Low, "A trusted access binding lets a resource of Azure in with Kubernetes roles, past Entra groups.",
			"az aks trustedaccess rolebinding delete -g {rg} --cluster-name {name} -n NAME", learn+"trusted-access-feature", doors.TrustedAccess),
		door("client-certificates", "No client certificate was issued by the cluster", finding.Medium, "Certificates of the CSR API carry any name, and disabling local accounts does not end them.",
			"az aks rotate-certs -g {rg} -n {name}", learn+"certificate-rotation", doors.Certificates),
		door("token-secrets", "No ServiceAccount has a token without expiry", finding.Medium, "A token in a Secret is valid until the Secret is deleted, wherever it was copied to.",
			"kubectl delete secret NAME -n NAMESPACE; workloads use projected tokens", "https://kubernetes.io/docs/concepts/security/service-accounts/", doors.TokenSecrets),
		{
			ID: "jwt-authenticators", Title: "No foreign identity provider signs in", Severity: finding.Low,
			Why:        "A JWT authenticator (preview) lets another issuer's tokens in, past Entra.",
			Remedy:     "az aks jwtauthenticator list -g {rg} --cluster-name {name}",
			Doc:        learn + "external-identity-provider-authentication-overview",
			References: nil,
			run:        func(c *cluster) { c.unknown("JWT authenticators are not read") },
		},
	}
}

// subjectIn is a Subject as it counts: a ServiceAccount without a namespace is
// that of the RoleBinding.
func subjectIn(b rbac.Binding, s rbac.Subject) rbac.Subject {
	if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
		s.Namespace = b.Namespace
	}
	return s.Canonical()
}

// bindingAt is where a binding is read again.
func bindingAt(b rbac.Binding) string {
	if b.Namespace == "" {
		return b.Kind() + "/" + b.Name
	}
	return b.Kind() + "/" + b.Namespace + "/" + b.Name
}
