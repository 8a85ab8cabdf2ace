// Package entra is the lab's identity provider. It speaks the part of Entra ID
// that az, kubelogin and the Azure SDKs use: discovery (v1 and v2, instance,
// keys, user realm), the token endpoint with the grants password, device code,
// authorization code with PKCE, client credentials and refresh token, the
// sign-in pages, and RS256 tokens with Entra's claims and AADSTS errors.
//
// It owns the signing Key and what a Token says; who exists and with which
// password is package cloud's. Resource servers of the lab (arm, graph, guard)
// verify tokens with the same Key. Codes in flight live in memory and die with
// the process; refresh tokens are sealed with the Key and survive it.
package entra
