"""Answers to the queries that look for attacks: exec, bindings, privileged pods, host
paths, secrets, deleted events, failing webhooks."""
import itertools
import re
import urllib.parse

from answers_lists import ADMIN, AUDITED, event, first_ip, newest, ref, username, verb
from book import query
from tables import *

THE_CLUSTER = "/subscriptions/s/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/c"


def recent(w, on, term):
    """How the workbook's queries begin: kube-audit, one cluster, two days, a term."""
    for r in w.diagnostics:
        if (on(0, "Category is kube-audit", r["Category"] == AUDITED) and on(1, "of that cluster", r["ResourceId"].lower() == THE_CLUSTER)
                and on(2, "not older than two days", r["TimeGenerated"] >= ago(2 * DAY)) and on(3, term + " is a term of the text", has(r["log_s"], term))):
            yield r, event(r)


@query("aks-016", "id parentId name operationTime:datetime numberOfPerations:long username podNamespace AzureResourceId")
def _(w, on):
    rows = []
    for r, e in recent(w, on, "exec"):
        if (on(4, "the resource is pods", eq(at(e, "objectRef", "resource"), "pods")) and on(5, "the verb is create", verb(e) == "create")
                and on(6, "the code is 101", eq(at(e, "responseStatus", "code"), 101)) and on(7, "the subresource is exec", eq(at(e, "objectRef", "subresource"), "exec"))):
            command = urllib.parse.unquote(" ".join(re.findall(r"command=([^\&]*)", text(at(e, "requestURI")))))
            if on(8, "the user is not aksProblemDetector", username(e) != "aksProblemDetector"):
                rows.append({"time": r["TimeGenerated"], "command": command, "user": username(e), "ns": ref(e, "namespace"), "pod": ref(e, "name"), "cluster": r["ResourceId"]})
    first = lambda g: min(r["time"] for r in g)
    out = [[c, "", c, first(g), len(g), "", "", c] for (c,), g in group(rows, "cluster").items()]
    out += [[p, c, p, first(g), len(g), "", n, c] for (p, n, c), g in group(rows, "pod", "ns", "cluster").items()]
    return out + [[k, p, k, first(g), len(g), u, n, c] for (k, u, n, p, c), g in group(rows, "command", "user", "ns", "pod", "cluster").items()]


@query("aks-017", "AzureResourceId name podNamespace containerName containerImage mountPath mountName operationTime:datetime id parent AzureResourceId1 AlertLink")
def _(w, on):
    """There is no table SecurityAlert here: no alert is found for any pod. The conditions on
    alerts come first in the text (0 to 3)."""
    rows = []
    for r in w.diagnostics:
        if not (on(4, "of that cluster", r["ResourceId"].lower() == THE_CLUSTER) and on(5, "not older than two days", r["TimeGenerated"] >= ago(2 * DAY))
                and on(6, "Category is kube-audit", r["Category"] == AUDITED) and on(7, "hostPath is a term of the text", has(r["log_s"], "hostPath"))):
            continue
        e = event(r)
        body, made = at(e, "requestObject"), at(e, "responseObject", "metadata")
        if not (on(8, "the resource is pods", eq(at(e, "objectRef", "resource"), "pods")) and on(9, "the verb is create", verb(e) == "create")
                and on(10, "the code starts with 20", starts(at(e, "responseStatus", "code"), "20")) and on(11, "hostPath is a term of the body", has(body, "hostPath"))):
            continue
        for v, c in itertools.product(at(body, "spec", "volumes") or [None], at(body, "spec", "containers") or [None]):
            path = at(v, "hostPath", "path")
            if not on(12, "there is a path on the host", path is None or path != ""):
                continue
            for m in at(c, "volumeMounts") or [None]:
                if on(13, "the volume is the mounted one", text(at(m, "name")) == text(at(v, "name"))):
                    rows.append({"cluster": r["ResourceId"], "time": r["TimeGenerated"], "key": (text(at(made, "name")), text(at(made, "namespace")), text(at(c, "name")), text(at(c, "image")), text(path), text(at(v, "name")))})
    out = []
    for (c, k), g in group(rows, "cluster", "key").items():
        out.append([c, *k, min(r["time"] for r in g), k[0] + ";" + c, c, "", ""])
    return out + [["", c.upper(), "", "", "", "", "", None, c, "", "", ""] for c in dict.fromkeys(r["cluster"] for r in rows)]


@query("aks-018", "AzureResourceId subjectName subjectKind bindingName operationTime:datetime id parent name")
def _(w, on):
    rows = []
    for r, e in recent(w, on, "clusterrolebindings"):
        if (on(4, "the resource is clusterrolebindings", eq(at(e, "objectRef", "resource"), "clusterrolebindings")) and on(5, "the verb is create", verb(e) == "create")
                and on(6, "the code starts with 20", starts(at(e, "responseStatus", "code"), "20")) and on(7, "the role is cluster-admin", eq(at(e, "requestObject", "roleRef", "name"), "cluster-admin"))):
            subjects = at(e, "requestObject", "subjects")
            for s in [None] if subjects is None else subjects:
                rows.append({"c": r["ResourceId"], "t": r["TimeGenerated"], "n": text(at(s, "name")), "k": text(at(s, "kind")), "b": ref(e, "name")})
    out = [[c, n, k, b, min(r["t"] for r in g), n + ";" + c, c, ""] for (c, n, k, b), g in group(rows, "c", "n", "k", "b").items()]
    return out + [["", "", "", "", None, c, "", c] for c in dict.fromkeys(r["c"] for r in rows)]


@query("aks-019", "AzureResourceId eventNamespace username ipAddr operationTime:datetime eventNames")
def _(w, on):
    rows = []
    for r, e in recent(w, on, "events"):
        if on(4, "the resource is events", eq(at(e, "objectRef", "resource"), "events")) and on(5, "the verb is delete", verb(e) == "delete") and on(6, "the code is 200", eq(at(e, "responseStatus", "code"), 200)):
            rows.append({"c": r["ResourceId"], "t": r["TimeGenerated"], "ns": ref(e, "namespace"), "u": username(e), "ip": first_ip(e), "name": ref(e, "name")})
    out = []
    for k, g in group(rows, "c", "ns", "u", "ip").items():
        names = list(dict.fromkeys(r["name"] for r in g))
        assert len(names) <= 4
        out.append([*k, min(r["t"] for r in g), Some(", ".join(p) for p in itertools.permutations(names))])
    return out


@query("aks-036", "TimeGenerated:datetime Verb Resource User Message")
def _(w, on):
    out = []
    for r in w.diagnostics:
        if on(0, "within the hour", ago(HOUR) <= r["TimeGenerated"] <= NOW) and on(1, "Category is kube-audit", r["Category"] == AUDITED):
            e = event(r)
            s = at(e, "responseStatus")
            if on(2, "the code is 500", eq(at(s, "code"), 500)) and on(3, "failed calling webhook is a term of the message", has(at(s, "message"), "failed calling webhook")):
                out.append([r["TimeGenerated"], verb(e), ref(e, "resource"), username(e), text(at(s, "message"))])
    return out


def fresh(w, on):
    """kube-audit of the last five minutes."""
    for r in w.diagnostics:
        if on(0, "Category is kube-audit", r["Category"] == AUDITED) and on(1, "within five minutes", r["TimeGenerated"] > ago(5 * MINUTE)):
            yield r, event(r)


def spans(rows, key):
    out = []
    for k, g in group(rows, key).items():
        times = [r["t"] for r in g]
        out.append((list(k[0]), [min(times), max(times), len(g)], g))
    return out


def pod_written(on, e):
    return on(2, "the verb is create, update or patch", verb(e) in ("create", "update", "patch")) and on(3, "the resource is pods", eq(at(e, "objectRef", "resource"), "pods"))


@query("aks-068", "ClusterName Namespace PodName ContainerName ContainerImage Username FirstSeen:datetime LastSeen:datetime Count:long")
def _(w, on):
    rows = []
    for r, e in fresh(w, on):
        if pod_written(on, e):
            containers = at(e, "requestObject", "spec", "containers")
            for c in [None] if containers is None else containers:
                if on(4, "the container is privileged", eq(at(c, "securityContext", "privileged"), True)) and on(5, "not of the system's namespaces", ref(e, "namespace") not in ("kube-system", "gatekeeper-system", "azure-arc")):
                    rows.append({"t": r["TimeGenerated"], "k": (r["Resource"], ref(e, "namespace"), ref(e, "name"), text(at(c, "name")), text(at(c, "image")), username(e))})
    return [k + s for k, s, _ in spans(rows, "k")]


SENSITIVE = ["/", "/etc", "/var/run/docker.sock", "/var/run/crio/crio.sock", "/var/lib/kubelet", "/proc", "/sys"]


@query("aks-069", "ClusterName Namespace PodName VolumeName HostPath Username FirstSeen:datetime LastSeen:datetime Count:long")
def _(w, on):
    rows = []
    for r, e in fresh(w, on):
        if pod_written(on, e):
            volumes = at(e, "requestObject", "spec", "volumes")
            for v in [None] if volumes is None else volumes:
                path = text(at(v, "hostPath", "path"))
                if (on(4, "the volume is of the host", path != "") and on(5, "the path is sensitive", path in SENSITIVE or starts(path, "/etc") or starts(path, "/var/run"))
                        and on(6, "not of the system's namespaces", ref(e, "namespace") not in ("kube-system", "gatekeeper-system", "azure-arc", "calico-system"))):
                    rows.append({"t": r["TimeGenerated"], "k": (r["Resource"], ref(e, "namespace"), ref(e, "name"), text(at(v, "name")), path, username(e))})
    return [k + s for k, s, _ in spans(rows, "k")]


@query("aks-070", "ClusterName Namespace PodName HostNetwork:bool HostPID:bool HostIPC:bool Username FirstSeen:datetime LastSeen:datetime Count:long")
def _(w, on):
    rows = []
    for r, e in fresh(w, on):
        if pod_written(on, e):
            shares = tuple(boolean(at(e, "requestObject", "spec", f)) for f in ("hostNetwork", "hostPID", "hostIPC"))
            if on(4, "the pod shares one of the host's namespaces", True in shares) and on(5, "not of the system's namespaces", ref(e, "namespace") not in ("kube-system", "gatekeeper-system", "azure-arc", "calico-system", "tigera-operator")):
                rows.append({"t": r["TimeGenerated"], "k": (r["Resource"], ref(e, "namespace"), ref(e, "name"), *shares, username(e))})
    return [k + s for k, s, _ in spans(rows, "k")]


@query("aks-071", "ClusterName Username SourceIP FirstSeen:datetime LastSeen:datetime AccessCount:long SecretsAccessed:dynamic")
def _(w, on):
    rows = []
    for r, e in fresh(w, on):
        code = at(e, "responseStatus", "code")
        if (on(2, "the resource is secrets", eq(at(e, "objectRef", "resource"), "secrets")) and on(3, "the verb reads", verb(e) in ("get", "list", "watch")) and on(4, "the code is 200 or 201", among(code, 200, 201))
                and on(5, "no allowed controller is a term of the user", not any(has(username(e), a) for a in ("system:kube-controller-manager", "system:kube-scheduler")))
                and on(6, "no service account of kube-system", not starts(username(e), "system:serviceaccount:kube-system:"))):
            rows.append({"t": r["TimeGenerated"], "k": (r["Resource"], username(e), first_ip(e)), "name": ref(e, "name")})
    return [k + s + [Set([r["name"] for r in g], 20)] for k, s, g in spans(rows, "k")]


def latency(e):
    """Milliseconds as datetime_diff counts them: boundaries passed."""
    begin, end = ticks(at(e, "requestReceivedTimestamp")), ticks(at(e, "stageTimestamp"))
    return None if begin is None or end is None else end // 10_000 - begin // 10_000


@query("aks-042", "HttpMethod Resource p99latency:long")
def _(w, on):
    rows = []
    for r in w.diagnostics:
        e = event(r)
        if (on(0, "within the hour", ago(HOUR) <= r["TimeGenerated"] <= NOW) and on(1, "Category is kube-audit", r["Category"] == AUDITED) and on(2, "the user is DUMMYUSERAGENT", username(e) == "DUMMYUSERAGENT")
                and on(3, "there is a resource", ref(e, "resource") != "")):
            rows.append({"k": (verb(e), ref(e, "resource")), "ms": latency(e)})
    return [[*k, percentile([r["ms"] for r in g if r["ms"] is not None], 99) if any(r["ms"] is not None for r in g) else None] for (k,), g in group(rows, "k").items()]


@query("aks-118", "TimeGenerated:datetime EventCount:long TechniquesUsed:dynamic Users:dynamic Namespaces:dynamic")
def _(w, on):
    rows = []

    def part(first, technique, conditions):
        for r in w.diagnostics:
            if (on(first, "within a day (%s)" % technique, r["TimeGenerated"] > ago(DAY)) and on(first + 1, "ResourceType is MANAGEDCLUSTERS (%s)" % technique, r["ResourceType"] == "MANAGEDCLUSTERS")
                    and on(first + 2, "of an audit category (%s)" % technique, r["Category"] in (AUDITED, ADMIN))
                    and all(on(first + 3 + i, name, f(r)) for i, (name, f) in enumerate(conditions))):
                e = event(r)
                rows.append({"hour": bin_of(r["TimeGenerated"], HOUR), "what": technique, "user": at(e, "user", "username"), "ns": at(e, "objectRef", "namespace")})

    term = lambda t: ("%s is a term of the text" % t, lambda r: has(r["log_s"], t))
    verbs = lambda *v: ("the verb is " + " or ".join(v), lambda r: among(at(event(r), "verb"), *v))
    part(0, "Privileged container creation", [term("securityContext"), term("privileged"), verbs("create")])
    part(6, "HostPath volume mount", [term("hostPath"), verbs("create", "update", "patch")])
    part(11, "Host namespace access", [("one of the host's namespaces is a term of the text", lambda r: any(has(r["log_s"], t) for t in ("hostNetwork", "hostPID", "hostIPC"))), verbs("create", "update")])
    return [[h, len(g), Set([r["what"] for r in g]), Set([r["user"] for r in g], 10), Set([r["ns"] for r in g], 10)] for (h,), g in group(rows, "hour").items()]
