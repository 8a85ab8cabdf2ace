package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/postern-dev/postern/rbac/azrbac"
)

// API versions asked for.
const (
	versionSubscriptions = "2022-12-01"
	versionClusters      = "2025-02-01"
	versionAssignments   = "2022-04-01"
	versionDefinitions   = "2022-04-01"
	versionDenies        = "2022-04-01"
)

// armHosts are the Resource Manager endpoints of the clouds, by the authority
// that signs in there (azure-sdk-for-go/sdk/azcore/cloud).
var armHosts = map[string]string{
	"login.microsoftonline.us":         "management.usgovcloudapi.net",
	"login.chinacloudapi.cn":           "management.chinacloudapi.cn",
	"login.partner.microsoftonline.cn": "management.chinacloudapi.cn",
}

// arm reads Resource Manager.
type arm struct {
	asker
	endpoint string
}

// patience bounds what throttling may cost: longer pauses than this are not
// waited for, the part is unread instead.
const patience = 5 * time.Second

// oneAnswer is how long a single answer may take.
const oneAnswer = 30 * time.Second

func (o Options) arm() (arm, error) {
	endpoint := o.endpoint
	if endpoint == "" {
		endpoint = inCloud(o.Getenv, armHosts, "management.azure.com")
	}
	options := once(o.transport)
	pace := newPace(patience, oneAnswer, atOnce, atOnce)
	if o.credential != nil {
		return arm{asker{pipeline: authorized(o.credential, o.Version, endpoint, options), pace: pace}, endpoint}, nil
	}
	p, err := pipeline(o.TenantID, o.Version, endpoint, options)
	return arm{asker{pipeline: p, pace: pace}, endpoint}, err
}

// maxPages stops a listing that does not end; a page has hundreds of items.
const maxPages = 2000

// pages reads a listing page by page. A page that cannot be read ends it with
// an error: what was seen until then is not the whole.
func (a arm) pages(ctx context.Context, path, version, filter string, each func(page []byte) error) error {
	query := url.Values{"api-version": {version}}
	if filter != "" {
		query.Set("$filter", filter)
	}
	// Resource Manager wants %20 where url.Values writes +.
	next := a.endpoint + path + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	for range maxPages {
		body, err := a.get(ctx, next)
		if err != nil {
			return err
		}
		var page struct {
			NextLink string `json:"nextLink"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if err := each(body); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if page.NextLink == "" {
			return nil
		}
		// The token goes nowhere but where it is meant for.
		if !strings.HasPrefix(strings.ToLower(page.NextLink), strings.ToLower(a.endpoint)+"/") {
			return fmt.Errorf("read %s: the next page is elsewhere", path)
		}
		next = page.NextLink
	}
	return fmt.Errorf("read %s: more than %d pages", path, maxPages)
}

// documents reads a listing of objects azrbac knows.
func (a arm) documents(ctx context.Context, path, version, filter string) (all azrbac.Document, err error) {
	err = a.pages(ctx, path, version, filter, func(page []byte) error {
		d, ok, err := azrbac.Decode(page)
		switch {
		case err != nil:
			return err
		case !ok && !empty(page):
			return errors.New("the answer is not what was asked for")
		}
		all.Clusters = append(all.Clusters, d.Clusters...)
		all.Assignments = append(all.Assignments, d.Assignments...)
		all.Definitions = append(all.Definitions, d.Definitions...)
		all.Denies = append(all.Denies, d.Denies...)
		return nil
	})
	return all, err
}

// empty tells a page without items from what is no page.
func empty(page []byte) bool {
	var p struct {
		Value []json.RawMessage `json:"value"`
	}
	return json.Unmarshal(page, &p) == nil && p.Value != nil && len(p.Value) == 0
}

func (a arm) get(ctx context.Context, url string) ([]byte, error) {
	lane, kind := armLane(url)
	return a.ask(ctx, http.MethodGet, url, nil, lane, kind)
}

// armReason puts into one line why something could not be read of Resource
// Manager; refused tells that a right is wanting.
func armReason(ctx context.Context, err error) (why string, refused bool) {
	var answered *azcore.ResponseError
	switch {
	case errors.As(err, &answered):
		code := answered.ErrorCode
		if code == "" {
			code = http.StatusText(answered.StatusCode)
		}
		why = fmt.Sprintf("Azure Resource Manager answered %d %s", answered.StatusCode, code)
		if answered.StatusCode == http.StatusTooManyRequests {
			why += ": it is throttling"
		}
		return why, answered.StatusCode == http.StatusForbidden
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err().Error(), false
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return "Azure Resource Manager did not answer in time", false
	case signInReason(err) != nil:
		return signInReason(err).Error(), false
	}
	return "ask Azure Resource Manager: " + firstSentence(err.Error()), false
}
