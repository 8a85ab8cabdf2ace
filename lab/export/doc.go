// Package export plays Azure Monitor's part for one cluster: it follows the
// control plane's own log files and delivers their records to the storage
// accounts that the cluster's diagnostic settings name.
//
// It owns which record belongs to which category, the envelope around it, the
// blob layout of a storage account, and the memory of how far it got. It does
// not own diagnostic settings (the caller lists them on each pass) and it
// writes no log of the cluster itself.
//
// What a reader of the storage directory sees is what a reader of a storage
// account sees: insights-logs-CATEGORY/resourceId=/SUBSCRIPTIONS/…/PT1H.json,
// JSON lines that only ever grow, keyed by the hour of arrival.
//
// A pass commits the position in the source and the bytes to append in one
// atomic write before it touches a blob; what a crash interrupts is finished,
// byte for byte, on the next start. Nothing is lost or delivered twice.
package export
