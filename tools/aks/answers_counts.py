"""Answers to the queries that count: by category, user, address, resource, hour."""
from answers_lists import ADMIN, AUDITED, event, first_ip, ref, username, verb
from book import query
from tables import *


def counted(rows, *key):
    return [list(k) + [len(g)] for k, g in group(rows, *key).items()]


def falling(rows, column=-1):
    return sorted(rows, key=lambda r: -r[column])


@query("aks-021", "Category count_:long")
def _(w, on):
    return counted([r for r in w.diagnostics if on(0, "ResourceType is MANAGEDCLUSTERS", r["ResourceType"] == "MANAGEDCLUSTERS")], "Category")


@query("aks-091", "Category count_:long", order=["count_"])
def _(w, on):
    return falling(counted(w.diagnostics, "Category"))


@query("aks-084", "Type count_:long")
def _(w, on):
    return counted(w.control + w.audit + w.admin, "Type")


@query("aks-092", "Column1 OperationName count_:long")
def _(w, on):
    return counted([r for r in w.diagnostics if on(0, "Category is kube-audit-admin", r["Category"] == ADMIN)], lambda r: r["pod_s"][:14], "OperationName")


@query("aks-110", "objectRef_resource")
def _(w, on):
    return [[k] for k in dict.fromkeys(ref(event(r), "resource") for r in w.diagnostics if on(0, "Category is kube-audit-admin", r["Category"] == ADMIN))]


@query("aks-112", "IsConnected:bool Key Group:long")
def _(w, on):
    rows = [r["TimeGenerated"] for r in w.diagnostics if on(0, "Category is guard", r["Category"] == "guard")]
    return [[max(rows) > ago(7 * DAY) if rows else None, "AzureKubernetes", 0]]


@query("aks-009", "isDiagnosticCluster")
def _(w, on):
    clusters = {r["ResourceId"] for r in w.diagnostics if on(0, "a row of AzureDiagnostics", True) and on(1, "Category is kube-audit", r["Category"] == AUDITED)}
    return [["yes" if clusters else "no"]]


@query("aks-011", [("hasDiagnosticLogs", "string"), ("number of clusters", "long")])
def _(w, on):
    """One cluster was selected; Category keeps out that it logs to kube-audit-admin only."""
    logs = [r["ResourceId"].lower() for r in w.diagnostics if on(1, "Category is kube-audit", r["Category"] == AUDITED)]
    found = any(has(l, "/subscriptions/s/x/c") for l in logs)
    return [["Clusters with Diagnostic logs" if found else "Clusters without Diagnostic logs", 1]]


@query("aks-108", "Count:long")
def _(w, on):
    return [[sum(1 for r in w.diagnostics if on(0, "later than that moment", r["TimeGenerated"] > date("2026-06-04T14:48:00Z")) and on(1, "Category starts with kube-audit", starts(r["Category"], "kube-audit"))
                 and on(2, "the user contains recon-v2-sa", contains(username(event(r)), "recon-v2-sa")))]]


def of_audit(w, on, *conditions):
    return [r for r in w.diagnostics if on(0, "Category is kube-audit", r["Category"] == AUDITED) and all(on(k + 1, name, f(event(r))) for k, (name, f) in enumerate(conditions))]


@query("aks-135", "SA Verb Resource Count:long", order=["Count"])
def _(w, on):
    rows = of_audit(w, on, ("the user is a service account", lambda e: starts(at(e, "user", "username"), "system:serviceaccount:")))
    return falling(counted(rows, lambda r: username(event(r)), lambda r: verb(event(r)), lambda r: ref(event(r), "resource")))


@query("aks-136", "SourceIP Count:long", order=["Count"], most=20)
def _(w, on):
    return falling(counted(of_audit(w, on), lambda r: first_ip(event(r))))


@query("aks-139", "User CMName Namespace Verb Count:long", order=["Count"])
def _(w, on):
    rows = of_audit(w, on, ("the resource is configmaps", lambda e: eq(at(e, "objectRef", "resource"), "configmaps")))
    return falling(counted(rows, lambda r: username(event(r)), lambda r: ref(event(r), "name"), lambda r: ref(event(r), "namespace"), lambda r: verb(event(r))))


@query("aks-145", "User CallCount:long", order=["CallCount"], most=20)
def _(w, on):
    return falling(counted(of_audit(w, on), lambda r: username(event(r))))


@query("aks-147", "Resource Count:long", order=["Count"], most=20)
def _(w, on):
    return falling(counted(of_audit(w, on), lambda r: ref(event(r), "resource")))


@query("aks-090", "requestUri verb statusCode calls:long resource userAgent")
def _(w, on):
    rows = of_audit(w, on, ("the stage is ResponseComplete", lambda e: eq(at(e, "stage"), "ResponseComplete")))
    events = [event(r) for r in rows]
    out = []
    for k, g in group([{"e": e} for e in events], lambda r: text(at(r["e"], "requestURI")), lambda r: verb(r["e"]), lambda r: text(at(r["e"], "responseStatus", "code"))).items():
        out.append(list(k) + [len(g), Some(ref(r["e"], "name") for r in g), Some(text(at(r["e"], "userAgent")) for r in g)])
    return out


def refused(r):
    return any(contains(r["log_s"], p) for p in ("401", "403", "unauthorized", "Unauthorized", "Forbidden"))


def failing(r):
    return contains(r["log_s"], "error") or contains(r["log_s"], "failed")


def managed(w, on, span, name):
    return [r for r in w.diagnostics if on(0, "ResourceType is MANAGEDCLUSTERS", r["ResourceType"] == "MANAGEDCLUSTERS") and on(1, "not older than " + name, r["TimeGenerated"] >= ago(span))]


@query("aks-143", "Category TimeGenerated:datetime Count:long", order=["Count"])
def _(w, on):
    rows = [r for r in managed(w, on, HOUR, "an hour") if on(2, "the text speaks of a refusal", refused(r))]
    return falling(counted(rows, "Category", lambda r: bin_of(r["TimeGenerated"], 5 * MINUTE)))


@query("aks-156", "Level Category Count:long", order=["Count"])
def _(w, on):
    return falling(counted(managed(w, on, HOUR, "an hour"), lambda r: extract('"level":"([^"]+)"', 1, r["log_s"]), "Category"))


@query("aks-157", "Category TimeGenerated:datetime Count:long")
def _(w, on):
    rows = [r for r in managed(w, on, DAY, "a day") if on(2, "the text contains error or failed", failing(r))]
    return counted(rows, "Category", lambda r: bin_of(r["TimeGenerated"], HOUR))


def alarm(id, name, column, what, says):
    @query(id, "TimeGenerated:datetime %s:long" % column)
    def _(w, on):
        rows = [r for r in w.diagnostics if on(0, "Category is " + name, r["Category"] == name) and on(1, "within five minutes", r["TimeGenerated"] > ago(5 * MINUTE)) and on(2, what, says(r))]
        return [r for r in counted(rows, lambda r: bin_of(r["TimeGenerated"], 5 * MINUTE)) if on(3, "at least one", r[1] > 0)]


alarm("aks-158", ADMIN, "AuthFailureCount", "the code is 403 or 401", lambda r: contains(r["log_s"], '"code":403') or contains(r["log_s"], '"code":401'))
alarm("aks-159", "guard", "ErrorCount", "the text contains error or failed", failing)


@query("aks-079", "user verb res code:int n:long")
def _(w, on):
    """Of the three tables only AzureDiagnostics has log_s: the others' rows have none."""
    rows = [dict(r, raw=r.get("log_s", "")) for r in w.audit + w.admin + w.diagnostics if on(0, "within the hour", r["TimeGenerated"] > ago(HOUR))]
    rows = [dict(r, j=parse(r["raw"])) for r in rows if on(1, "there is a log", r["raw"] != "")]
    code = lambda r: long(at(r["j"], "responseStatus", "code"))
    rows = [r for r in rows if on(2, "the code is 401 or 403", code(r) in (401, 403))]
    return counted(rows, lambda r: username(r["j"]), lambda r: verb(r["j"]), lambda r: ref(r["j"], "resource"), code)


def packed(r, spec):
    """pack_all: a bag of all columns in their order."""
    out = {}
    for name, kind in columns(spec):
        v = r[name]
        out[name] = spelled(v) if kind == "datetime" and v is not None else v
    return out


@query("aks-080", "UserName Verb Namespace Resource DeniedRequests:long Sample", order=["DeniedRequests"])
def _(w, on):
    raw = [packed(r, DIAGNOSTICS) for r in w.diagnostics if on(0, "within the hour", r["TimeGenerated"] > ago(HOUR)) and on(1, "ResourceType is MANAGEDCLUSTERS", r["ResourceType"] == "MANAGEDCLUSTERS")
           and on(2, "of an audit category", r["Category"] in (AUDITED, ADMIN))]
    raw += [packed(r, AUDIT) for r in w.audit if on(3, "within the hour (AKSAudit)", r["TimeGenerated"] > ago(HOUR))]
    raw += [packed(r, AUDIT) for r in w.admin if on(4, "within the hour (AKSAuditAdmin)", r["TimeGenerated"] > ago(HOUR))]
    rows = [{"raw": text(bag), "bag": bag} for bag in raw if on(5, "forbidden is a term of the row", has(text(bag), "forbidden"))]
    out = []
    either = lambda *values: next(v for v in values if v != "")
    key = (lambda r: either(extract(r'"username"\s*:\s*"([^"]+)"', 1, r["raw"]), extract(r'user[=:"]+([^",\s]+)', 1, r["raw"]), "unknown"), lambda r: either(extract(r'"verb"\s*:\s*"([^"]+)"', 1, r["raw"]), "unknown"),
           lambda r: either(extract(r'"namespace"\s*:\s*"([^"]+)"', 1, r["raw"]), "cluster-scope"), lambda r: either(extract(r'"resource"\s*:\s*"([^"]+)"', 1, r["raw"]), "unknown"))
    for k, g in group(rows, *key).items():
        out.append(list(k) + [len(g), Document(r["bag"] for r in g)])
    return sorted(out, key=lambda r: -r[4])
