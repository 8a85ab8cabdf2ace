package aks

import "strings"

// ClusterOf folds a resource id, whose case Azure changes at will, to the name
// of a cluster: the lower-cased ARM id without a trailing slash.
func ClusterOf(resourceID string) string {
	return strings.TrimRight(strings.ToLower(strings.TrimSpace(resourceID)), "/")
}

// Resource is an ARM id taken apart, in the case it had.
type Resource struct {
	Subscription, Group, Provider, Type, Name string
}

// ParseResource takes an ARM id apart; false if it is none.
func ParseResource(id string) (Resource, bool) {
	p := strings.Split(strings.Trim(id, "/"), "/")
	if len(p) < 8 || !strings.EqualFold(p[0], "subscriptions") || !strings.EqualFold(p[2], "resourcegroups") || !strings.EqualFold(p[4], "providers") {
		return Resource{}, false
	}
	return Resource{Subscription: p[1], Group: p[3], Provider: p[5], Type: p[6], Name: p[7]}, true
}
