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
