package cloud

import "time"

// Activity is one Activity Log record: who did what to which resource through
// Azure Resource Manager, and what came of it. Reads are not recorded, as in
// Azure; listing credentials is an action and is.
type Activity struct {
	Time          time.Time `json:"time"`
	ID            string    `json:"id"`
	CorrelationID string    `json:"correlationId"`
	OperationID   string    `json:"operationId"`
	Operation     string    `json:"operation"` // Microsoft.ContainerService/managedClusters/write
	ResourceID    string    `json:"resourceId"`
	CallerID      string    `json:"callerId"` // object id
	Caller        string    `json:"caller"`   // UPN, or application id of a service principal
	AppID         string    `json:"appId"`    // the client that acted
	IP            string    `json:"ip,omitempty"`
	Method        string    `json:"method"`
	URI           string    `json:"uri"`
	Status        string    `json:"status"` // Started, Succeeded, Failed, Accepted
	HTTPStatus    int       `json:"httpStatus"`
	Role          string    `json:"role,omitempty"`           // the role that allowed it
	Assignment    string    `json:"roleAssignment,omitempty"` // and the assignment's GUID
	Scope         string    `json:"roleScope,omitempty"`
	Message       string    `json:"message,omitempty"`
}

// Request is one request that reached an Azure endpoint of the lab.
type Request struct {
	Time      time.Time `json:"time"`
	Host      string    `json:"host"`
	Method    string    `json:"method"`
	URI       string    `json:"uri"`
	Status    int       `json:"status"`
	UserAgent string    `json:"userAgent,omitempty"`
}

// RecordActivity appends to the Activity Log.
func (s *State) RecordActivity(a Activity) error { return s.activity.append(a) }

// Activities is the Activity Log so far, oldest first: the world's history,
// then what happened in the lab and has had the time to arrive.
func (s *State) Activities() []Activity {
	w, all := s.World(), s.activity.list()
	if w.ActivityDelay > 0 {
		arrived := s.Now().Add(-w.ActivityDelay)
		for len(all) > 0 && all[len(all)-1].Time.After(arrived) {
			all = all[:len(all)-1]
		}
	}
	return append(w.History[:len(w.History):len(w.History)], all...)
}

// RecordRequest appends to the request log.
func (s *State) RecordRequest(r Request) error { return s.requests.append(r) }

// Requests is the request log so far, oldest first.
func (s *State) Requests() []Request { return s.requests.list() }
