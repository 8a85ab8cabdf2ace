// Package daemon puts the lab together and keeps it running: the world and
// the Azure endpoints over it behind the proxy, the cluster with the guard
// webhooks it asks, and the exporter that delivers the cluster's logs. It owns
// the state directory's lifecycle (one daemon at a time, started again after a
// crash) and the commands up, down, status, env and world; where things are in
// the directory is package layout's.
//
// Order matters: what a part asks of another must be there before it starts
// and until it has ended. Start is guard, cluster, endpoints, exporter; stop
// is endpoints, cluster, exporter, guard.
package daemon
