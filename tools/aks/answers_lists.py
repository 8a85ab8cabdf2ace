"""Answers to the queries that list records: by category, by time, by what the text
or one field says."""
from book import query
from tables import *

DIAG = DIAGNOSTICS


def row(r, spec):
    return [r[c] for c, _ in columns(spec)]


def newest(rows):
    return sorted(rows, key=lambda r: -r["TimeGenerated"])


def event(r):
    return parse(r["log_s"])


def decision(e):
    return text(at(e, "annotations", "authorization.k8s.io/decision"))


@query("aks-000", "TimeGenerated:datetime Category HttpMethod ResponseCode Authorized User Groups event:dynamic")
def _(w, on):
    out = []
    for r in w.diagnostics:
        if on(0, "Category is kube-audit-admin", r["Category"] == "kube-audit-admin"):
            e = event(r)
            out.append([r["TimeGenerated"], r["Category"], text(at(e, "verb")), text(at(e, "responseStatus", "code")), decision(e), text(at(e, "user", "username")), text(at(e, "user", "groups")), e])
    return out


@query("aks-002", "Username ResourceId Count:long", order=["Count"])
def _(w, on):
    rows = [r for r in w.admin if on(0, "the code is not 401", not eq(at(r["ResponseStatus"], "code"), 401))]
    return sorted(([u, i, len(g)] for (u, i), g in group(rows, lambda r: text(at(r["User"], "username")), "_ResourceId").items()), key=lambda r: -r[2])


@query("aks-005", "TimeGenerated:datetime Level Message", most=100)
def _(w, on):
    return [row(r, "TimeGenerated Level Message") for r in w.control if on(0, "Category is kube-apiserver", r["Category"] == "kube-apiserver")]


@query("aks-006", DIAG, most=1000)
def _(w, on):
    return [row(r, DIAG) for r in w.diagnostics if on(0, "ResourceProvider in this case", r["ResourceProvider"] == "Microsoft.ContainerService")
            and on(1, "some column has the value", any(contains(r[c], "<SearchValue>") for c, kind in columns(DIAG) if kind == "string"))]


def category(id, name, spec=DIAG, table="diagnostics", order=None, most=None, **more):
    """Records of one category, and of what further conditions ask."""
    @query(id, spec, order=order, most=most)
    def _(w, on):
        rows = [r for r in getattr(w, table) if on(0, "Category is " + name, r["Category"] == name) and all(on(int(k[1:]), f.__doc__, f(r)) for k, f in more.items())]
        return [row(r, spec) for r in (newest(rows) if order else rows)]


def saying(part):
    def f(r):
        return contains(r["log_s"], part)
    f.__doc__ = "the text contains " + part
    return f


def saying_any(*parts):
    def f(r):
        return any(contains(r["log_s"], p) for p in parts)
    f.__doc__ = "the text contains one of " + ", ".join(parts)
    return f


def since(span, name):
    def f(r):
        return r["TimeGenerated"] >= ago(span)
    f.__doc__ = "not older than " + name
    return f


category("aks-022", "kube-apiserver")
category("aks-026", "kube-audit-admin", ["TimeGenerated:datetime", "ResourceId", "log_s", "pod_s"], order=["TimeGenerated"], most=200)
category("aks-027", "cluster-autoscaler", CONTROL, "control")
category("aks-029", "kube-audit", ["log_s"])
category("aks-030", "kube-audit", ["log_s"], c1=saying("nginx"))
category("aks-031", "kube-audit-admin", ["log_s"], c1=saying("nginx"))
category("aks-048", "kube-audit-admin", order=["TimeGenerated"])
SHORT = ["TimeGenerated:datetime", "log_s"]
category("aks-122", "guard", SHORT, order=["TimeGenerated"], c1=since(DAY, "a day"))
category("aks-123", "guard", SHORT, order=["TimeGenerated"], most=20, c1=saying_any("error", "failed"))
category("aks-124", "guard", SHORT, order=["TimeGenerated"], most=30, c1=saying_any("403", "Forbidden", "unauthorized"))
category("aks-125", "guard", SHORT, order=["TimeGenerated"], most=30, c1=saying_any("token", "Token"), c2=saying_any("invalid", "expired", "failed"))
category("aks-126", "kube-audit-admin", SHORT, order=["TimeGenerated"], c1=since(DAY, "a day"))


def fleet(id, categories, *parts):
    @query(id, DIAG, order=["TimeGenerated"], most=1000)
    def _(w, on):
        rows = [r for r in w.diagnostics if on(0, "the resource is the one asked for", r["_ResourceId"] == "YOUR-RESOURCE-ID") and on(1, "Category is " + " or ".join(categories), r["Category"] in categories)
                and (not parts or on(2, "the text names a file of " + ", ".join(parts), any(contains(r["log_s"], p) for p in parts)))]
        return [row(r, DIAG) for r in newest(rows)]


HUB, MEMBER = "fleet-hub-agent", "fleet-member-agent"
fleet("aks-160", [HUB, "fleet-hub-net-controller-manager"])
fleet("aks-162", [HUB], "v1beta1/member_controller.go")
fleet("aks-163", [HUB], "clusterresourceplacement/")
fleet("aks-164", [HUB], "scheduler/", "framework/")
fleet("aks-166", [HUB], "updaterun/")
fleet("aks-167", [HUB], "workgenerator/")
fleet("aks-168", [MEMBER], "v1beta1/member_controller.go")
fleet("aks-169", [MEMBER], "workapplier/")
fleet("aks-170", ["fleet-hub-net-controller-manager"], "endpointsliceexport/")
fleet("aks-173", ["fleet-member-net-controller-manager"], "endpointslice/", "endpointsliceexport/", "endpointsliceimport/")
fleet("aks-174", ["fleet-member-net-controller-manager"], "serviceexport/", "serviceimport/")
fleet("aks-175", ["fleet-mcs-controller-manager"], "multiclusterservice/")


@query("aks-020", "log_s log_s_stageTimestamp:dynamic log_s_user:dynamic log_s_verb:dynamic", order="exact")
def _(w, on):
    rows = [r for r in w.diagnostics if on(0, "Category is kube-audit", r["Category"] == "kube-audit") and on(1, "the level is RequestResponse", eq(at(event(r), "level"), "RequestResponse"))]
    return [[r["log_s"], at(event(r), "stageTimestamp"), at(event(r), "user"), at(event(r), "verb")] for r in newest(rows)]


@query("aks-023", "TimeGenerated:datetime Category HttpMethod User Apiserver SourceIP OperationName event:dynamic")
def _(w, on):
    out = []
    for r in w.diagnostics:
        if on(0, "on that day, its end included", date("2023-02-23") <= r["TimeGenerated"] <= date("2023-02-24")) and on(1, "Category is kube-audit", r["Category"] == "kube-audit"):
            e = event(r)
            out.append([r["TimeGenerated"], r["Category"], text(at(e, "verb")), text(at(e, "user", "username")), r["pod_s"], text(at(e, "sourceIPs", 0)), r["OperationName"], e])
    return out


@query("aks-148", "TimeGenerated:datetime Category HttpMethod User SourceIP event:dynamic", order=["TimeGenerated"])
def _(w, on):
    out = []
    for r in newest(w.diagnostics):
        if on(0, "on that day, its end included", date("2025-01-01") <= r["TimeGenerated"] <= date("2025-01-02")) and on(1, "Category is kube-audit", r["Category"] == "kube-audit"):
            e = event(r)
            out.append([r["TimeGenerated"], r["Category"], text(at(e, "verb")), text(at(e, "user", "username")), text(at(e, "sourceIPs", 0)), e])
    return out


@query("aks-098", "TimeGenerated:datetime verb user resource namespace name apiGroup statusCode:int", most=10000)
def _(w, on):
    out = []
    for r in w.diagnostics:
        if on(0, "Category is kube-audit", r["Category"] == "kube-audit") and on(1, "on that day, its end included", date("2026-01-01") <= r["TimeGenerated"] <= date("2026-01-02")):
            e = event(r)
            out.append([r["TimeGenerated"], text(at(e, "verb")), text(at(e, "user", "username"))] + [text(at(e, "objectRef", f)) for f in ("resource", "namespace", "name", "apiGroup")] + [long(at(e, "responseStatus", "code"))])
    return out


def webhook(id, table, spec, message, make, times, cats):
    @query(id, spec, most=100)
    def _(w, on):
        return [make(r) for r in getattr(w, table) if on(times, "within the hour", ago(HOUR) <= r["TimeGenerated"] <= NOW) and on(cats, "Category is kube-apiserver", r["Category"] == "kube-apiserver")
                and on(2, "the webhook failed closed", contains(r[message], "Failed calling webhook, failing closed"))]


webhook("aks-033", "control", "TimeGenerated:datetime Level Message", "Message", lambda r: row(r, "TimeGenerated Level Message"), 0, 1)
webhook("aks-034", "diagnostics", "TimeGenerated:datetime event:dynamic Category", "log_s", lambda r: [r["TimeGenerated"], event(r), r["Category"]], 0, 1)


@query("aks-047", "TimeGenerated:datetime Level log_s", order=["TimeGenerated"], most=100)
def _(w, on):
    rows = [r for r in w.diagnostics if on(0, "Category is kube-apiserver", r["Category"] == "kube-apiserver")
            and on(1, "of that cluster", r["ResourceId"] == "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C") and on(2, "the text starts with an e", starts(r["log_s"], "E"))]
    return [row(r, "TimeGenerated Level log_s") for r in newest(rows)]


def audited(id, spec, make, first, *conditions, order=None, most=None):
    """Records of kube-audit (first: of which category) whose event meets conditions,
    each a name and a function of the record and its event."""
    @query(id, spec, order=order, most=most)
    def _(w, on):
        out = []
        for r in newest(w.diagnostics) if order else w.diagnostics:
            if on(0, "Category is " + first, r["Category"] == first):
                e = event(r)
                if all(on(k + 1, name, f(r, e)) for k, (name, f) in enumerate(conditions)):
                    out.append(make(r, e))
        return out


def username(e):
    return text(at(e, "user", "username"))


def ref(e, field):
    return text(at(e, "objectRef", field))


def verb(e):
    return text(at(e, "verb"))


def first_ip(e):
    return text(at(e, "sourceIPs", 0))


def same(path, *values):
    return lambda r, e: among(at(e, *path.split(".")), *values)


whole = lambda r, e: row(r, DIAG)
log = lambda r, e: [r["log_s"]]
ADMIN, AUDITED = "kube-audit-admin", "kube-audit"
audited("aks-085", DIAG, whole, AUDITED, ("the verb is create", same("verb", "create")), ("the object is a CronJob", same("requestObject.kind", "CronJob")))
audited("aks-086", "log_s", log, AUDITED, ("the user is masterclient", same("user.username", "masterclient")))
audited("aks-087", "log_s", log, AUDITED, ("the first address is 192.168.1.1", lambda r, e: eq(at(e, "sourceIPs", 0), "192.168.1.1")))
audited("aks-094", "TimeGenerated:datetime log_s e:dynamic", lambda r, e: [r["TimeGenerated"], r["log_s"], e], ADMIN, ("the agent is that scheduler", lambda r, e: starts(at(e, "userAgent"), "kube-scheduler/v1.23.12")), most=20)
audited("aks-096", DIAG, whole, ADMIN, ("coredns is a term of the text", lambda r, e: has(r["log_s"], "coredns")), ("the verb is create", lambda r, e: has(r["log_s"], '"verb":"create"')))
audited("aks-099", "TimeGenerated:datetime User Namespace PodName SourceIP UserAgent", lambda r, e: [r["TimeGenerated"], username(e), ref(e, "namespace"), ref(e, "name"), first_ip(e), text(at(e, "userAgent"))], AUDITED,
        ("within the hour", lambda r, e: r["TimeGenerated"] > ago(HOUR)), ("the verb is create", same("verb", "create")), ("the subresource is exec", same("objectRef.subresource", "exec")), order=["TimeGenerated"])
audited("aks-104", "TimeGenerated:datetime User:dynamic Pod:dynamic SourceIP:dynamic", lambda r, e: [r["TimeGenerated"], at(e, "user", "username"), at(e, "objectRef", "name"), at(e, "sourceIPs")], ADMIN,
        *(("the text contains " + p, lambda r, e, p=p: contains(r["log_s"], p)) for p in ("pods/exec", "kube-system", "system:serviceaccount:default:")))
audited("aks-102", "TimeGenerated:datetime User RequestURI StatusMessage", lambda r, e: [r["TimeGenerated"], username(e), text(at(e, "requestURI")), text(at(e, "responseStatus", "message"))], ADMIN,
        ("the verb is create", lambda r, e: verb(e) == "create"), ("/pods is a term of the URI", lambda r, e: has(at(e, "requestURI"), "/pods")), ("the code is 403", lambda r, e: long(at(e, "responseStatus", "code")) == 403), order=["TimeGenerated"])
audited("aks-130", "TimeGenerated:datetime User BindingName Namespace Verb", lambda r, e: [r["TimeGenerated"], username(e), ref(e, "name"), ref(e, "namespace"), verb(e)], ADMIN, ("the resource is rolebindings", same("objectRef.resource", "rolebindings")), order=["TimeGenerated"])
audited("aks-131", "TimeGenerated:datetime Code:long User Verb Resource SourceIP", lambda r, e: [r["TimeGenerated"], long(at(e, "code")), username(e), verb(e), ref(e, "resource"), first_ip(e)], AUDITED,
        ("the member code is at least 400", lambda r, e: ge(long(at(e, "code")), 400)), order=["TimeGenerated"], most=50)
audited("aks-132", "TimeGenerated:datetime User Verb Resource Name SourceIP", lambda r, e: [r["TimeGenerated"], username(e), verb(e), ref(e, "resource"), ref(e, "name"), first_ip(e)], AUDITED, ("the member code is 403", same("code", 403)), order=["TimeGenerated"], most=50)
audited("aks-134", "TimeGenerated:datetime Verb Resource SourceIP", lambda r, e: [r["TimeGenerated"], verb(e), ref(e, "resource"), first_ip(e)], AUDITED, ("the user is anonymous", same("user.username", "system:anonymous", "anonymous")), order=["TimeGenerated"])
WRITES = ("create", "delete", "update", "patch")
audited("aks-141", "TimeGenerated:datetime User PodName Namespace Verb", lambda r, e: [r["TimeGenerated"], username(e), ref(e, "name"), ref(e, "namespace"), verb(e)], AUDITED, ("the resource is pods", same("objectRef.resource", "pods")), ("the verb writes", same("verb", *WRITES)), order=["TimeGenerated"], most=100)
audited("aks-142", "TimeGenerated:datetime User Resource Name Namespace Verb", lambda r, e: [r["TimeGenerated"], username(e), ref(e, "resource"), ref(e, "name"), ref(e, "namespace"), verb(e)], AUDITED,
        ("the resource is a workload", same("objectRef.resource", "deployments", "statefulsets", "daemonsets", "replicasets")), ("the verb writes", same("verb", *WRITES)), order=["TimeGenerated"], most=100)
audited("aks-150", "TimeGenerated:datetime User SecretName Namespace event_verb:dynamic", lambda r, e: [r["TimeGenerated"], username(e), ref(e, "name"), ref(e, "namespace"), at(e, "verb")], AUDITED, ("the resource is secrets", same("objectRef.resource", "secrets")), order=["TimeGenerated"])
audited("aks-151", "TimeGenerated:datetime User PodName Namespace SourceIP", lambda r, e: [r["TimeGenerated"], username(e), ref(e, "name"), ref(e, "namespace"), first_ip(e)], AUDITED, ("the resource is pods", same("objectRef.resource", "pods")), ("the subresource is exec", same("objectRef.subresource", "exec")), order=["TimeGenerated"])
audited("aks-089", "TimeGenerated:datetime log_s_stageTimestamp:dynamic log_s_userAgent:dynamic log_s_sourceIPs_0:dynamic log_s_requestURI:dynamic ccpNamespace_s log_s _ResourceId",
        lambda r, e: [r["TimeGenerated"], at(e, "stageTimestamp"), at(e, "userAgent"), at(e, "sourceIPs", 0), at(e, "requestURI"), r["ccpNamespace_s"], r["log_s"], r["_ResourceId"]], AUDITED,
        ("the text names Nmap's engine", lambda r, e: contains(r["log_s"], "Nmap Scripting Engine")), ("the code is 200", same("responseStatus.code", 200)))


@query("aks-101", DIAG + ["Verb"])
def _(w, on):
    out = []
    for r in w.diagnostics:
        if on(0, "Category is kube-audit", r["Category"] == AUDITED) and on(1, "create or delete is a term of the text", has(r["log_s"], "create") or has(r["log_s"], "delete")):
            e = event(r)
            if on(2, "the resource is one of four", ref(e, "resource") in ("secrets", "configmaps", "clusterroles", "clusterrolebindings")) and on(3, "the verb is create, delete or update", verb(e) in ("create", "delete", "update")):
                out.append(row(dict(r, Resource=ref(e, "resource")), DIAG) + [verb(e)])
    return out


@query("aks-152", "TimeGenerated:datetime User Resource Name Verb", order=["TimeGenerated"])
def _(w, on):
    out = []
    for r in newest(w.diagnostics):
        e = event(r)
        if on(0, "of an audit category", r["Category"] in (AUDITED, ADMIN)) and on(1, "the resource is one of RBAC's", among(at(e, "objectRef", "resource"), "clusterrolebindings", "rolebindings", "clusterroles", "roles")):
            out.append([r["TimeGenerated"], username(e), ref(e, "resource"), ref(e, "name"), verb(e)])
    return out


@query("aks-088", "TimeGenerated:datetime Kind Resource log_responseStatus_reason:dynamic log_verb:dynamic log_user_username:dynamic", order=["TimeGenerated"])
def _(w, on):
    rows = [r for r in w.diagnostics if on(0, "Category is kube-audit", r["Category"] == AUDITED) and on(1, "the group is XXXXX in lower case", r["ResourceGroup"].lower() == "XXXXX")]
    logs = [(r, parse(text(at(r["AdditionalFields"], "log")))) for r in rows]
    assert not [1 for r, e in logs if on(2, "the level is RequestResponse", eq(at(e, "level"), "RequestResponse")) and on(3, "the code is at least 400", ge(at(e, "responseStatus", "code"), 400))]
    return []
