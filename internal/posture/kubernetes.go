package posture

import (
	"slices"

	"github.com/postern-dev/postern/internal/finding"
)

const (
	goodPractices = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
	authorization = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"
	accounts      = "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"
)

// kubernetesChecks look at Roles, bindings and ServiceAccounts. Only what is bound
// to a Subject outside the system is a finding. Each names binding, role and rule.
// A role that allows everything is listed by cluster-admin-bindings and not again
// by every check of something less.
func kubernetesChecks() []Check {
	return slices.Concat(broadChecks(), workloadChecks(), takeoverChecks())
}

// broadChecks look at who is bound to much, and at who is bound at all.
func broadChecks() []Check {
	return []Check{
		{
			ID: "cluster-admin-bindings", Title: "cluster-admin is bound only where needed", Severity: finding.High,
			Why:        "Whoever may do everything may read every secret, run on every node and grant access to others. Bindings go on working beside Azure RBAC.",
			Remedy:     "kubectl delete {binding}, after binding what is needed",
			Doc:        goodPractices,
			References: ref(policy, "a3dc4946-dba6-43e6-950d-f96532848c9f", cis, "4.1.1", kubescape, "C-0185", mcsb, "PA-7", soc, "CC6.3"),
			run:        everything,
		},
		{
			ID: "wildcard-rules", Title: "Rules name what they allow", Severity: finding.Medium,
			Why:        "A wildcard also grants what is installed later, and subresources such as exec or token.",
			Remedy:     "kubectl edit {role}: name verbs, resources and API groups",
			Doc:        goodPractices,
			References: ref(policy, "ca8d5704-aa2b-40cf-b110-dc19052825ad", cis, "4.1.3", kubescape, "C-0187", mcsb, "PA-7", soc, "CC6.3"),
			run:        wildcards,
		},
		{
			ID: "public-bindings", Title: "Nothing is bound to everybody", Severity: finding.High,
			Why:        "With Entra everybody of the tenant, guests too, is in system:authenticated; every Pod is in system:serviceaccounts; system:unauthenticated and system:anonymous are whoever asks, where the API server lets them.",
			Remedy:     "kubectl delete {binding}, after binding a group of those who need it",
			Doc:        goodPractices,
			References: ref(mcsb, "PA-7", soc, "CC6.3"),
			run:        everybody,
		},
		{
			ID: "default-serviceaccount", Title: "ServiceAccounts called default are not bound", Severity: finding.Medium,
			Why:        "Every Pod of the namespace that names no ServiceAccount runs as default and holds its token.",
			Remedy:     "give the workload a ServiceAccount of its own and bind that; then kubectl delete {binding}",
			Doc:        accounts,
			References: ref(cis, "4.1.5", kubescape, "C-0189", soc, "CC6.3"),
			run:        defaults,
		},
		{
			ID: "token-automount", Title: "Tokens are mounted only where needed", Severity: finding.Low,
			Why:        "Whoever takes over a Pod has the token that is mounted in it, and with it what its ServiceAccount may do. A ServiceAccount that nothing is bound to needs none.",
			Remedy:     "automountServiceAccountToken: false in the ServiceAccount, and true in the Pods alone that ask the API server",
			Doc:        accounts,
			References: ref(policy, "423dd1ba-798e-40e4-9c4d-b6902674b423", cis, "4.1.6", kubescape, "C-0190", soc, "CC6.1"),
			run:        mountedTokens,
		},
		{
			ID: "dangling-bindings", Title: "Bindings name roles that exist", Severity: finding.Low,
			Why:        "A binding to a role that is gone grants again once somebody creates one of that name.",
			Remedy:     "kubectl delete {binding}",
			Doc:        authorization,
			References: ref(soc, "CC6.3"),
			run:        dangling,
		},
	}
}

// workloadChecks look at who gets at secrets and Pods.
func workloadChecks() []Check {
	return []Check{
		{
			ID: "secrets-readers", Title: "Few may read secrets", Severity: finding.High,
			Why:        "Secrets hold credentials of other systems, and tokens of ServiceAccounts. Who lists or watches sees the contents too. Rules that name the secrets are no finding.",
			Remedy:     "kubectl edit {role}: take get, list and watch of secrets away, or name the secrets with resourceNames",
			Doc:        goodPractices,
			References: ref(cis, "4.1.2", kubescape, "C-0186", mcsb, "PA-7", soc, "CC6.3"),
			run:        holders(readSecrets(), finding.High, finding.Medium, true, "may read secrets"),
		},
		{
			ID: "pod-creators", Title: "Few may create Pods", Severity: finding.Medium,
			Why:        "Who creates a Pod runs as any ServiceAccount of the namespace, mounts its secrets and, without Pod Security, takes the node.",
			Remedy:     "kubectl edit {role}: take create of pods away",
			Doc:        goodPractices,
			References: ref(cis, "4.1.4", kubescape, "C-0188", soc, "CC6.3"),
			run:        holders(createPods(), finding.Medium, finding.Low, false, "may create Pods"),
		},
		{
			ID: "workload-creators", Title: "Few may write what creates Pods", Severity: finding.Medium,
			Why:        "A Deployment, Job or the like is a way to create Pods, and to change those of others, with the same reach.",
			Remedy:     "kubectl edit {role}: take create, update and patch of workloads away",
			Doc:        goodPractices,
			References: ref(cis, "4.1.4", soc, "CC6.3"),
			run:        holders(createWorkloads(), finding.Medium, finding.Low, false, "may write workloads"),
		},
		{
			ID: "pod-exec", Title: "Few may enter running Pods", Severity: finding.Medium,
			Why:        "Who enters a Pod has its token, its secrets and its network. Over websockets get suffices before Kubernetes 1.35, and such a session is logged as get, which kube-audit-admin leaves out.",
			Remedy:     "kubectl edit {role}: take pods/exec, pods/attach, pods/portforward and pods/ephemeralcontainers away",
			Doc:        goodPractices,
			References: ref(kubescape, "C-0002", soc, "CC6.3"),
			run:        enterers,
		},
		{
			ID: "endpoints-edit", Title: "edit and admin do not write endpoints", Severity: finding.Medium,
			Why:        "Who writes Endpoints or EndpointSlices sends traffic of a Service or Ingress to Pods of other namespaces (CVE-2021-25740). Clusters made before Kubernetes 1.22 keep the permission.",
			Remedy:     "kubectl annotate --overwrite {role} rbac.authorization.kubernetes.io/autoupdate=false && kubectl edit {role}: take the writing of endpoints and endpointslices away",
			Doc:        authorization,
			References: ref(policy, "1ddac26b-ed48-4c30-8cc5-3a68c79b8001", soc, "CC6.3"),
			run:        endpoints,
		},
	}
}

// takeoverChecks look at who can make more of what they have.
func takeoverChecks() []Check {
	return []Check{
		{
			ID: "escalate-verbs", Title: "Few may bind, escalate or impersonate", Severity: finding.High,
			Why:        "bind and escalate pass the rule that nobody grants what he does not have; impersonate makes one somebody else.",
			Remedy:     "kubectl edit {role}: take bind, escalate and impersonate away, or name the objects with resourceNames",
			Doc:        goodPractices,
			References: ref(cis, "4.1.7", mcsb, "PA-7", soc, "CC6.3"),
			run:        holders(escalation(), finding.High, finding.Medium, false, "may become more than granted"),
		},
		{
			ID: "role-writers", Title: "Few may write roles and bindings", Severity: finding.Medium,
			Why:        "Who writes bindings hands on what he has, to anybody and for good; with bind or escalate, anything.",
			Remedy:     "kubectl edit {role}: take create, update and patch of roles and bindings away",
			Doc:        goodPractices,
			References: ref(kubescape, "C-0065", soc, "CC6.3"),
			run:        holders(writeBindings(), finding.Medium, finding.Low, false, "may write roles or bindings"),
		},
		{
			ID: "nodes-proxy", Title: "Few may use nodes/proxy", Severity: finding.High,
			Why:        "It is the kubelet's API: commands in every Pod of the node, past admission and audit log. get is enough.",
			Remedy:     "kubectl edit {role}: take nodes/proxy away; for metrics nodes/metrics suffices",
			Doc:        goodPractices,
			References: ref(cis, "4.1.9", soc, "CC6.3"),
			run:        holders(proxyNodes(), finding.High, finding.Medium, false, "may speak to kubelets"),
		},
		{
			ID: "csr-approval", Title: "Few may approve certificate requests", Severity: finding.High,
			Why:        "A client certificate can be in the name of anybody whom the signer accepts, and is not revoked before it expires.",
			Remedy:     "kubectl edit {role}: take certificatesigningrequests/approval away",
			Doc:        goodPractices,
			References: ref(cis, "4.1.10", soc, "CC6.1"),
			run:        approvers,
		},
		{
			ID: "webhook-configs", Title: "Few may write admission webhooks and policies", Severity: finding.High,
			Why:        "A webhook reads and changes every object that is written, secrets too; who deletes one takes a guard away.",
			Remedy:     "kubectl edit {role}: take the resources of admissionregistration.k8s.io away",
			Doc:        goodPractices,
			References: ref(cis, "4.1.11", soc, "CC6.3"),
			run:        holders(writeAdmission(), finding.High, finding.Medium, false, "may write admission"),
		},
		{
			ID: "token-request", Title: "Few may request tokens of ServiceAccounts", Severity: finding.High,
			Why:        "Who creates serviceaccounts/token is that ServiceAccount, from anywhere, until the token expires.",
			Remedy:     "kubectl edit {role}: take serviceaccounts/token away, or name the ServiceAccounts with resourceNames",
			Doc:        goodPractices,
			References: ref(cis, "4.1.12", soc, "CC6.1"),
			run:        holders(requestTokens(), finding.High, finding.Medium, false, "may request tokens"),
		},
	}
}
