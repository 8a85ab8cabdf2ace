"""Answers to the queries over AKSAudit and AKSAuditAdmin."""
from answers_lists import newest, row
from book import query
from tables import *

THE_CLUSTER = "/subscriptions/s/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/c"


def user(r):
    return text(at(r["User"], "username"))


def ref(r, field):
    return text(at(r["ObjectRef"], field))


def code(r):
    return at(r["ResponseStatus"], "code")


def first_ip(r):
    return text(at(r["SourceIps"], 0))


@query("aks-037", "UserAgent count_:long", order=["count_"], most=10)
def _(w, on):
    rows = [r for r in w.audit if on(0, "within the hour", ago(HOUR) <= r["TimeGenerated"] <= NOW)]
    return sorted(([k, len(g)] for (k,), g in group(rows, "UserAgent").items()), key=lambda r: -r[1])


@query("aks-041", "HttpMethod Resource p99latency:long")
def _(w, on):
    rows = [r for r in w.audit if on(0, "within the hour", ago(HOUR) <= r["TimeGenerated"] <= NOW) and on(1, "the agent is DUMMYUSERAGENT", r["UserAgent"] == "DUMMYUSERAGENT") and on(2, "there is a resource", ref(r, "resource") != "")]
    ms = lambda r: r["StageReceivedTime"] // 10_000 - r["RequestReceivedTime"] // 10_000
    out = []
    for k, g in group(rows, "Verb", lambda r: ref(r, "resource")).items():
        took = [ms(r) for r in g if r["StageReceivedTime"] is not None]
        out.append([*k, percentile(took, 99) if took else None])
    return out


@query("aks-044", "TimeGenerated:datetime Verb User:dynamic ObjectRef:dynamic")
def _(w, on):
    return [row(r, "TimeGenerated Verb User ObjectRef") for r in w.audit if on(0, "the code is at least 100", ge(code(r), 100)) and on(1, "the code is at most 299", le(code(r), 299))
            and on(2, "the stage is ResponseComplete", r["Stage"] == "ResponseComplete") and on(3, "of that cluster", r["_ResourceId"].lower().endswith("mycluster"))
            and on(4, "not before that hour", r["TimeGenerated"] >= date("2026-01-01")) and on(5, "before its end", r["TimeGenerated"] < date("2026-01-01T01:00:00Z"))]


@query("aks-045", "TimeGenerated:datetime Level AuditId Stage RequestUri Verb User:dynamic", order=["TimeGenerated"], most=100)
def _(w, on):
    return [row(r, "TimeGenerated Level AuditId Stage RequestUri Verb User") for r in newest([r for r in w.admin if on(0, "of that cluster", r["_ResourceId"] == THE_CLUSTER)])]


@query("aks-052", "TimeGenerated:datetime Username Verb Resource BindingName Namespace SourceIp UserAgent MitreTechnique")
def _(w, on):
    return [[r["TimeGenerated"], user(r), r["Verb"], ref(r, "resource"), ref(r, "name"), ref(r, "namespace"), first_ip(r), r["UserAgent"], "T1098.006"] for r in w.audit
            if on(0, "within the hour", r["TimeGenerated"] > ago(HOUR)) and on(1, "the stage is ResponseComplete", r["Stage"] == "ResponseComplete") and on(2, "the verb is create, update or patch", r["Verb"] in ("create", "update", "patch"))
            and on(3, "the resource is a binding", ref(r, "resource") in ("clusterrolebindings", "rolebindings")) and on(4, "the code is of success", long(code(r)) is not None and 200 <= long(code(r)) <= 299)
            and on(5, "no service account of kube-system", not starts(user(r), "system:serviceaccount:kube-system:")) and on(6, "no node", not starts(user(r), "system:node:"))
            and on(7, "not the controller manager", user(r) != "system:kube-controller-manager")]


@query("aks-058", "TimeGenerated:datetime Username SourceNamespace TargetNamespace Verb Resource MitreTechnique")
def _(w, on):
    out = []
    for r in w.audit:
        source, target = extract("system:serviceaccount:([^:]+):", 1, user(r)), ref(r, "namespace")
        if (on(0, "within the hour", r["TimeGenerated"] > ago(HOUR)) and on(1, "the verb is one of four", r["Verb"] in ("get", "list", "create", "exec")) and on(2, "the user is a service account", source != "")
                and on(3, "the target has a namespace", target != "") and on(4, "another than the account's", source != target)):
            out.append([r["TimeGenerated"], user(r), source, target, r["Verb"], ref(r, "resource"), "T1550.001"])
    return out


@query("aks-064", "TimeGenerated:datetime actor srcIp ns pod sub code:int RequestUri", order=["TimeGenerated"])
def _(w, on):
    rows = [r for r in w.audit if on(0, "the verb is create", r["Verb"] == "create")
            and on(1, "the subresource is exec, attach or portforward, or /exec? a term of the URI", ref(r, "subresource") in ("exec", "attach", "portforward") or has(r["RequestUri"], "/exec?"))
            and on(2, "the actor does not start with system:", not starts(user(r), "system:"))]
    return [[r["TimeGenerated"], user(r), first_ip(r), ref(r, "namespace"), ref(r, "name"), ref(r, "subresource"), long(code(r)), r["RequestUri"]] for r in newest(rows)[::-1]]


@query("aks-066", "TimeGenerated:datetime actor srcIp Verb res reason message RequestUri", order=["TimeGenerated"])
def _(w, on):
    rows = [r for r in w.audit if on(0, "the code is 403", long(code(r)) == 403) and on(1, "the actor does not start with system:", not starts(user(r), "system:"))]
    return [[r["TimeGenerated"], user(r), first_ip(r), r["Verb"], ref(r, "resource"), text(at(r["ResponseStatus"], "reason")), text(at(r["ResponseStatus"], "message")), r["RequestUri"]] for r in newest(rows)[::-1]]


@query("aks-075", "PodEventTime:datetime ClusterId UserName Namespace ObjName Verb UserAgent SourceIps:dynamic SecretOps:long SecretNamespaces:dynamic SecretNames:dynamic RequestText", order=["PodEventTime"])
def _(w, on):
    def suspicious(r):
        body = text(r["RequestObject"])
        return starts(ref(r, "name"), "node-setup-") or any(contains(body, p) for p in ('"privileged":true', '"hostPath"', "alpine:latest", '"name":"setup"'))

    pods = [r for r in w.admin if on(0, "not older than thirty days", r["TimeGenerated"] >= ago(30 * DAY)) and on(1, "the verb is create, patch or update", r["Verb"] in ("create", "patch", "update"))
            and on(2, "the resource is pods, in any case", ref(r, "resource").lower() == "pods") and on(3, "the pod is suspicious", suspicious(r))]
    reads = [r for r in w.audit if on(4, "not older than thirty days (secrets)", r["TimeGenerated"] >= ago(30 * DAY)) and on(5, "the resource is secrets, in any case", ref(r, "resource").lower() == "secrets")
             and on(6, "the verb reads", r["Verb"] in ("get", "list", "watch"))]
    key = ("_ResourceId", user, lambda r: bin_of(r["TimeGenerated"], HOUR))
    read = {k: [len(g), Set([ref(r, "namespace") for r in g], 20), Set([ref(r, "name") for r in g], 20)] for k, g in group(reads, *key).items()}
    out = []
    for r in newest(pods):
        k = (r["_ResourceId"], user(r), bin_of(r["TimeGenerated"], HOUR))
        out.append([r["TimeGenerated"], r["_ResourceId"], user(r), ref(r, "namespace"), ref(r, "name"), r["Verb"], r["UserAgent"], r["SourceIps"], *read.get(k, [None, None, None]), text(r["RequestObject"])])
    return out


@query("aks-076", "ns violation count_:long any_name any_user", order=["count_"])
def _(w, on):
    said = lambda r: text(at(r["Annotations"], "pod-security.kubernetes.io/audit-violations"))
    rows = [r for r in w.admin if on(0, "not older than a week", r["TimeGenerated"] > ago(7 * DAY)) and on(1, "a violation is said", said(r) != "")]
    out = [[*k, len(g), Some(ref(r, "name") for r in g), Some(user(r) for r in g)] for k, g in group(rows, lambda r: ref(r, "namespace"), said).items()]
    return sorted(out, key=lambda r: -r[2])


@query("aks-077", "_ResourceId User Verb Resource Namespace SourceIps Count:long First:datetime Last:datetime", order=["First"])
def _(w, on):
    rows = [r for r in w.audit + w.admin if on(0, "in that year", date("2026-01-01") <= r["TimeGenerated"] <= NOW) and on(1, "of that cluster, in any case", r["_ResourceId"].lower() == THE_CLUSTER)
            and on(2, "the user is a shared account or of kube-system", user(r) in ("masterclient", "clusterAdmin", "clusterUser") or starts(user(r), "system:serviceaccount:kube-system"))]
    out = []
    for k, g in group(rows, "_ResourceId", user, "Verb", lambda r: ref(r, "resource"), lambda r: ref(r, "namespace"), lambda r: text(r["SourceIps"])).items():
        times = [r["TimeGenerated"] for r in g]
        out.append([*k, len(g), min(times), max(times)])
    return sorted(out, key=lambda r: r[-2])


@query("aks-078", "TimeGenerated:datetime who Verb RequestUri ResponseStatus:dynamic", order=["TimeGenerated"])
def _(w, on):
    rows = [r for r in w.admin if on(0, "on that day, its end included", date("2026-01-01") <= r["TimeGenerated"] <= date("2026-01-02"))
            and on(1, "the responder is a term of the user, or the resource is policyexceptions", has(user(r), "<responder UPN>") or ref(r, "resource") == "policyexceptions")]
    return [[r["TimeGenerated"], user(r), r["Verb"], r["RequestUri"], r["ResponseStatus"]] for r in newest(rows)[::-1]]


@query("aks-111", AUDIT + ["UserDetails:dynamic"])
def _(w, on):
    guid = "^([a-z0-9]{8}-)([a-z0-9]{4}-)([a-z0-9]{4}-)([a-z0-9]{4}-)([a-z0-9]{12})$"
    return [row(r, AUDIT) + [r["User"]] for r in w.admin if on(0, "the user is a GUID in lower case", re.search(guid, user(r)))]


@query("aks-115", "TimeGenerated:datetime User PodName Namespace")
def _(w, on):
    return [[r["TimeGenerated"], user(r), ref(r, "name"), ref(r, "namespace")] for r in w.audit if on(0, "within the hour", r["TimeGenerated"] > ago(HOUR)) and on(1, "the verb is create", r["Verb"] == "create")
            and on(2, "the subresource is exec", ref(r, "subresource") == "exec")]
