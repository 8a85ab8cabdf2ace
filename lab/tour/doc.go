// Package tour walks through "How to Audit and Secure AKS Access" against a lab:
// the shared local account, Entra integration, the back door, closing it, and
// the audit log with the article's own query.
//
// Each step runs the clients a reader would run (kubectl, kubelogin, az) and
// asserts on what they printed or what the server returned; nothing is taken
// from the lab's memory. A step that differs fails, and with it every step that
// needs what it would have left behind (see the table in steps.go).
//
// The package knows clients, not the lab's inside: it reads lab.json to find
// the endpoints, and the world's people to sign in as them. Faults for --break
// are planted in the lab through its own interfaces (see fault.go).
package tour
