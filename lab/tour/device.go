package tour

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// approve opens the page a device-code prompt names, and fills in its form.
// The page is the lab's and stands on loopback: a browser goes there directly.
func (p *person) approve(ctx context.Context, page, code string) error {
	form := url.Values{"user_code": {code}, "login": {p.UPN}, "password": {p.Password}, "action": {"approve"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("open sign-in page %s: %w", page, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := p.lab.browser().Do(req)
	if err != nil {
		return fmt.Errorf("open sign-in page %s: %w", page, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read sign-in page %s: %w", page, err)
	}
	if res.StatusCode != http.StatusOK || !strings.Contains(string(body), "You have signed in as") {
		return fmt.Errorf("sign in %s at %s: HTTP %d: %s", p.UPN, page, res.StatusCode, pageError(string(body)))
	}
	return nil
}

// pageError is the alert on a sign-in page.
func pageError(body string) string {
	if _, rest, ok := strings.Cut(body, `role="alert">`); ok {
		text, _, _ := strings.Cut(rest, "<")
		return text
	}
	return "the page does not say that the sign-in succeeded"
}
