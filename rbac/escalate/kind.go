package escalate

// Kind is how an Edge works.
type Kind string

// The kinds of Edge.
const (
	Holds         Kind = "holds"           // a role that allows everything
	Masters       Kind = "system-masters"  // in the group that is allowed everything
	Bind          Kind = "bind"            // binds a role it does not have
	Rewrite       Kind = "escalate"        // rewrites a role it has
	Aggregate     Kind = "aggregate"       // feeds an aggregated ClusterRole it has
	Impersonate   Kind = "impersonate"     // acts under another name
	Token         Kind = "token"           // has a service account's token made
	MintSecret    Kind = "mint-token"      // has one made through a Secret, and reads it
	ReadSecrets   Kind = "read-secrets"    // reads token Secrets that exist
	CreatePods    Kind = "create-pods"     // runs a pod as a service account
	Workload      Kind = "workload"        // has a controller run one
	ChangePod     Kind = "change-pod"      // puts its own image into a running pod
	Ephemeral     Kind = "ephemeral"       // adds a container to a running pod
	Exec          Kind = "exec"            // runs commands in a running pod
	Attach        Kind = "attach"          // talks to the process of a running pod
	Kubelet       Kind = "nodes-proxy"     // asks kubelets past the API server
	HostPod       Kind = "host-pod"        // runs a pod that owns its node
	RelaxPSA      Kind = "relax-psa"       // takes Pod Security's labels off a namespace first
	HostVolume    Kind = "host-volume"     // mounts a node's directory through a PersistentVolume
	OnHost        Kind = "on-node"         // takes the tokens of what runs on a node
	Certificate   Kind = "certificate"     // has a client certificate signed for any name
	NodeCert      Kind = "node-cert"       // has a kubelet's certificate signed
	Webhook       Kind = "webhook"         // changes what others write
	WatchWrites   Kind = "watch-writes"    // sees what others write
	MutatePolicy  Kind = "mutate-policy"   // the same without a server
	APIService    Kind = "apiservice"      // answers for an API group
	NodeWrite     Kind = "node-write"      // labels and taints nodes
	PortForward   Kind = "port-forward"    // reaches ports of pods
	NamespaceWide Kind = "whole-namespace" // a role that allows everything in a namespace
)

// Remedy is what takes a way of this kind away.
func (k Kind) Remedy() string {
	switch k {
	case Holds, NamespaceWide:
		return "take the subject out of the binding, or bind a narrower role"
	case Masters:
		return "issue the credential without system:masters; no binding takes it away"
	case Bind:
		return "limit bind with resourceNames to roles that may be given, or drop it"
	case Rewrite, Aggregate:
		return "drop escalate, or limit it with resourceNames to roles the subject does not have"
	case Impersonate:
		return "limit impersonate with resourceNames, and never to system:masters or administrators"
	case Token:
		return "limit serviceaccounts/token with resourceNames to the accounts needed"
	case MintSecret, ReadSecrets:
		return "name the Secrets that are needed with resourceNames, and only with get"
	case CreatePods, Workload, ChangePod, Ephemeral, Exec, Attach:
		return "keep powerful service accounts out of namespaces in which others control pods"
	case Kubelet:
		return "drop nodes/proxy; nodes/metrics, nodes/stats and nodes/log serve monitoring"
	case HostPod:
		return "enforce Pod Security baseline or restricted on the namespace"
	case RelaxPSA:
		return "drop update and patch on namespaces, or guard the labels with an admission policy"
	case HostVolume:
		return "drop create on persistentvolumes; claims and StorageClasses do without"
	case OnHost:
		return "keep powerful service accounts off nodes that others can take over"
	case Certificate, NodeCert:
		return "drop approve on the signer, or approval of requests"
	case Webhook, WatchWrites, MutatePolicy, APIService:
		return "leave these objects to administrators"
	case NodeWrite:
		return "drop update and patch on nodes"
	case PortForward:
		return "drop port-forward and proxy, or have the services ask for credentials"
	}
	return ""
}

// Kinds are all kinds, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{
		Holds, Masters, NamespaceWide, Bind, Rewrite, Aggregate, Impersonate, Token, MintSecret, ReadSecrets, CreatePods, Workload,
		ChangePod, Ephemeral, Exec, Attach, Kubelet, HostPod, RelaxPSA, HostVolume, OnHost, Certificate, NodeCert,
		Webhook, MutatePolicy, WatchWrites, APIService, NodeWrite, PortForward,
	}
}
