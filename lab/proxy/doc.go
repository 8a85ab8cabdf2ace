// Package proxy is the way real clients reach the lab's Azure endpoints: a
// loopback CONNECT proxy that knows the lab's host names and no others, and
// the certificate authority whose leaf those hosts present.
//
// It terminates TLS itself and hands requests to the handler of the host. It
// never dials anywhere: a host it does not know is refused with 403. Requests
// made to the proxy's own address by a browser go to Direct (the sign-in page)
// and only under a loopback Host header, so that a web site cannot reach it by
// rebinding its name.
package proxy
