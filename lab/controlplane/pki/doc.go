// Package pki makes the certificates, keys and tokens of the lab's cluster.
// The authority under which the Azure hosts answer is another and not here.
//
// A generation is everything that certificate rotation replaces at once: the
// cluster CA, each certificate below it and the static token. Generations are
// directories; the symbolic link `current` names the one in force, so a crash
// in the middle of a rotation leaves the old one whole. Service account keys
// stand outside of generations, as they do in AKS.
//
// Keys are ECDSA P-256. AKS issues RSA 4096; nothing that reads a kubeconfig
// depends on it, and the lab has to be ready in seconds.
package pki
