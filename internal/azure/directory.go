// Package azure asks Azure. It alone imports the Azure SDK.
//
// It owns two questions: the names of object ids, from Microsoft Graph, and
// Azure RBAC at one AKS cluster, from Resource Manager; both with whatever
// credential azidentity's default chain finds (environment, workload or managed
// identity, az). It only reads, and asks for no credentials of clusters. It
// never fails a command: who has no credential gets the reason instead of names,
// and what may not be read is part of the facts. What the facts decide is
// rbac/azrbac's.
//
//	names, err := azure.Directory{Getenv: os.Getenv}.Names(ctx, ids)
//	facts, err := azure.Collect(ctx, azure.Options{Server: server, Getenv: os.Getenv})
package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// ObjectType is what an object id stands for.
type ObjectType string

// The types of objects a cluster's access can name.
const (
	User             ObjectType = "user"
	Group            ObjectType = "group"
	ServicePrincipal ObjectType = "servicePrincipal"
)

// Object is a directory object.
type Object struct {
	ID      string
	Type    ObjectType
	Display string
	UPN     string // of users
	AppID   string // of service principals
}

// Directory reads Microsoft Graph.
type Directory struct {
	TenantID string // empty: the credential's own
	Getenv   func(string) string
	Version  string // for the user agent
}

// graphHosts are the Graph endpoints of the clouds, by the authority that signs
// in there (learn.microsoft.com/graph/deployments).
var graphHosts = map[string]string{
	"login.microsoftonline.us":         "graph.microsoft.us",
	"login.chinacloudapi.cn":           "microsoftgraph.chinacloudapi.cn",
	"login.partner.microsoftonline.cn": "microsoftgraph.chinacloudapi.cn",
}

func (d Directory) endpoint() string {
	return inCloud(d.Getenv, graphHosts, "graph.microsoft.com")
}

// maxIDs is Graph's limit for one getByIds.
const maxIDs = 1000

// Names finds the objects behind ids, keyed by lower-cased id. Ids that the
// directory does not know are absent.
func (d Directory) Names(ctx context.Context, ids []string) (map[string]Object, error) {
	pipeline, err := d.pipeline()
	if err != nil {
		return nil, err
	}
	found := map[string]Object{}
	for len(ids) > 0 {
		n := min(len(ids), maxIDs)
		if err := d.getByIDs(ctx, pipeline, ids[:n], found); err != nil {
			return nil, reason(ctx, err)
		}
		ids = ids[n:]
	}
	return found, nil
}

func (d Directory) pipeline() (runtime.Pipeline, error) {
	options := policy.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: 1},
		Telemetry: policy.TelemetryOptions{ApplicationID: "postern"},
	}
	return pipeline(d.TenantID, d.Version, d.endpoint(), options)
}

func (d Directory) getByIDs(ctx context.Context, pipeline runtime.Pipeline, ids []string, found map[string]Object) error {
	req, err := runtime.NewRequest(ctx, http.MethodPost, d.endpoint()+"/v1.0/directoryObjects/getByIds")
	if err != nil {
		return err
	}
	if err := runtime.MarshalAsJSON(req, map[string][]string{"ids": ids, "types": {"user", "group", "servicePrincipal"}}); err != nil {
		return err
	}
	res, err := pipeline.Do(req)
	if err != nil {
		return err
	}
	if !runtime.HasStatusCode(res, http.StatusOK) {
		return runtime.NewResponseError(res)
	}
	var answer struct {
		Value []struct {
			Type        string `json:"@odata.type"`
			ID          string `json:"id"`
			DisplayName string `json:"displayName"`
			UPN         string `json:"userPrincipalName"`
			AppID       string `json:"appId"`
		} `json:"value"`
	}
	if err := runtime.UnmarshalAsJSON(res, &answer); err != nil {
		return err
	}
	for _, v := range answer.Value {
		o := Object{ID: v.ID, Type: ObjectType(strings.TrimPrefix(v.Type, "#microsoft.graph.")), Display: v.DisplayName, UPN: v.UPN, AppID: v.AppID}
		found[strings.ToLower(v.ID)] = o
	}
	return nil
}

// reason puts into one line why the directory could not be read: the SDK's own
// errors fill a screen.
func reason(ctx context.Context, err error) error {
	var answered *azcore.ResponseError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errors.New("the directory did not answer in time")
	case ctx.Err() != nil:
		return ctx.Err()
	case signInReason(err) != nil:
		return signInReason(err)
	case errors.As(err, &answered) && answered.StatusCode == http.StatusForbidden:
		return errors.New("this Azure credential may not read the directory (403)")
	case errors.As(err, &answered):
		return fmt.Errorf("the directory answered %d %s", answered.StatusCode, answered.ErrorCode)
	}
	return fmt.Errorf("ask the directory: %s", firstSentence(err.Error()))
}
