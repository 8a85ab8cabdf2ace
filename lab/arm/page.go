package arm

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// page answers with one page of a list, and with where the next one is. The
// token of the next page says how many items came before; a list is in the
// world's order, so that what is added meanwhile comes last.
func (c *call) page(items []any) (int, any, error) {
	from, _, err := c.skipped()
	if err != nil {
		return 0, nil, err
	}
	part, next := c.part(items, from)
	body := list(part...)
	if next > 0 {
		body["nextLink"] = c.nextLink(skipToken(next, 0))
	}
	return ok200(body)
}

// part cuts out the page that begins at an item; next is zero after the last.
func (c *call) part(items []any, from int) (page []any, next int) {
	size := c.world.Page()
	from = min(from, len(items))
	if len(items)-from <= size {
		return items[from:], 0
	}
	return items[from : from+size], from + size
}

// skipped reads $skiptoken: how many items were on earlier pages, and how long
// the list was at the first one, where that matters.
func (c *call) skipped() (from, length int, err error) {
	for name, values := range c.r.URL.Query() {
		if strings.EqualFold(name, "$skiptoken") {
			return parseSkipToken(values[0])
		}
	}
	return 0, 0, nil
}

func skipToken(from, length int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "lab:%d:%d", from, length))
}

func parseSkipToken(token string) (from, length int, err error) {
	text, e := base64.RawURLEncoding.DecodeString(token)
	if e == nil {
		_, e = fmt.Sscanf(string(text), "lab:%d:%d", &from, &length)
	}
	if e != nil || from < 0 || length < 0 || skipToken(from, length) != token {
		return 0, 0, refuse(http.StatusBadRequest, "InvalidSkipToken", "The skip token '%s' is invalid.", token)
	}
	return from, length, nil
}

// nextLink is this request's address with another token.
func (c *call) nextLink(token string) string {
	q := url.Values{}
	for name, values := range c.r.URL.Query() {
		if !strings.EqualFold(name, "$skiptoken") {
			q[name] = values
		}
	}
	q.Set("$skiptoken", token)
	return "https://" + c.r.Host + c.r.URL.EscapedPath() + "?" + q.Encode()
}
