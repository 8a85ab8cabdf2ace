// Package aks knows how Azure delivers the control-plane logs of an AKS cluster:
// the diagnostic record around each line (today's form and the older one with
// Cloud, Environment and ccpNamespace, alone or in {"records": […]}), the rows of
// AzureDiagnostics and of AKSAudit and AKSAuditAdmin, which category carries
// which event, and how resource ids are spelled.
//
// It gives back the exact text of the event or line; what is in it is package
// audit's business. No IO.
//
// Sources followed: Azure Monitor's resource log schema and blob format, the
// table references of AzureDiagnostics and AKSAudit, and published records.
package aks
