package aks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/audit"
)

// Activity is the category a store keeps records of the Activity Log under,
// whatever category of the Activity Log they are: it is none of the control
// plane's.
const Activity Category = "AzureActivity"

// UPNClaim and ObjectIDClaim are the claims that name a caller: a person by the
// user principal name, an application by its object id.
const (
	UPNClaim      = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
	ObjectIDClaim = "http://schemas.microsoft.com/identity/claims/objectidentifier"
)

// IsActivity reports whether the object is a record of the Activity Log as it is
// exported to storage and event hubs: an operation on a resource, with a result,
// and without the line that a resource log would carry in properties.log.
func IsActivity(members []audit.Field) bool {
	var names []string
	for _, m := range members {
		name := strings.ToLower(m.Name)
		if name == "properties" && slices.ContainsFunc(m.Value.Members(), func(f audit.Field) bool { return f.Name == "log" }) {
			return false
		}
		names = append(names, name)
	}
	for _, want := range []string{"time", "resourceid", "operationname", "category", "resulttype", "correlationid"} {
		if !slices.Contains(names, want) {
			return false
		}
	}
	return true
}

// DecodeActivity reads what a record of the Activity Log says of itself; the
// record's text is its Log.
func DecodeActivity(text string, members []audit.Field) (Record, error) {
	r := Record{Category: Activity, Log: text}
	for _, m := range members {
		value, _ := m.Value.Text()
		switch strings.ToLower(m.Name) {
		case "resourceid":
			r.ResourceID = value
		case "time":
			when := audit.ParseTime(value)
			if !when.Known {
				return r, fmt.Errorf("read record of the Activity Log: time %q is not RFC 3339", value)
			}
			r.Time = when.Ticks
		}
	}
	if SubscriptionOf(r.ResourceID) == "" {
		return r, fmt.Errorf("read record of the Activity Log: resourceId %q is of no subscription", r.ResourceID)
	}
	return r, nil
}

// SubscriptionOf is the subscription an ARM id begins with, /subscriptions/ID in
// lower case, "" if there is none.
func SubscriptionOf(resourceID string) string {
	p := strings.Split(ClusterOf(resourceID), "/")
	if len(p) < 3 || p[0] != "" || p[1] != "subscriptions" || p[2] == "" {
		return ""
	}
	return strings.Join(p[:3], "/")
}
