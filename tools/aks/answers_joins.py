"""Answers to the queries in testdata/queries: joins of the Activity Log with the audit
tables, and some over the audit tables alone."""
from answers_lists import AUDITED, event
from answers_tables import code, first_ip, ref, user
from book import query
from tables import *

PULL = "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"


def by_time(rows, column=0):
    return sorted(rows, key=lambda r: r[column])


def pulls(w, on, first=0):
    return [r for r in w.activity if on(first, "the operation pulls the admin credential, in any case", r["OperationNameValue"].lower() == PULL.lower()) and on(first + 1, "it succeeded", r["ActivityStatusValue"] == "Success")]


@query("join-01-pulled-and-used", "PullTime:datetime Caller UseTime:datetime Verb Resource Name", order=["UseTime"])
def _(w, on):
    out = []
    uses = [r for r in w.audit if on(2, "the user is masterclient", eq(at(r["User"], "username"), "masterclient"))]
    for p in pulls(w, on):
        for r in uses:
            if (r["_ResourceId"] == p["_ResourceId"] and first_ip(r) == p["CallerIpAddress"]
                    and on(3, "within the hour after the pull", p["TimeGenerated"] <= r["TimeGenerated"] <= p["TimeGenerated"] + HOUR)):
                out.append([p["TimeGenerated"], p["Caller"], r["TimeGenerated"], r["Verb"], ref(r, "resource"), ref(r, "name")])
    return by_time(out, 2)


@query("join-02-pulled-unused", "PullTime:datetime Caller CallerIpAddress Cluster", order=["PullTime"])
def _(w, on):
    used = {(r["_ResourceId"], text(at(event(r), "sourceIPs", 0))) for r in w.diagnostics
            if on(2, "Category is kube-audit", r["Category"] == AUDITED) and on(3, "the user is masterclient", eq(at(event(r), "user", "username"), "masterclient"))}
    return by_time([p["TimeGenerated"], p["Caller"], p["CallerIpAddress"], p["_ResourceId"]] for p in pulls(w, on) if (p["_ResourceId"], p["CallerIpAddress"]) not in used)


@query("join-03-used-without-pull", "TimeGenerated:datetime Cluster SourceIp Verb RequestUri", order=["TimeGenerated"])
def _(w, on):
    known = {(r["_ResourceId"], r["CallerIpAddress"]) for r in w.activity if on(0, "the operation pulls the admin credential, in any case", r["OperationNameValue"].lower().endswith("/listclusteradmincredential/action"))
             and on(1, "it succeeded", r["ActivityStatusValue"] in ("Success", "Succeeded"))}
    return by_time([r["TimeGenerated"], r["_ResourceId"], first_ip(r), r["Verb"], r["RequestUri"]] for r in w.audit if on(2, "the user is masterclient", user(r) == "masterclient") and (r["_ResourceId"], first_ip(r)) not in known)


@query("join-04-uses-a-pull", "Caller PullTime:datetime Cluster Uses:long Last:datetime", order=["PullTime"])
def _(w, on):
    found = [p for p in w.activity if on(0, "the operation pulls the admin credential, as a term", has(p["OperationNameValue"], "listClusterAdminCredential")) and on(1, "it succeeded", p["ActivityStatusValue"] == "Success")]
    uses = [r for r in w.audit if on(2, "the user is a shared account", user(r) in ("masterclient", "clusterAdmin", "clusterUser"))]
    out = []
    for (caller, when, cluster), _ in group(found, "Caller", "TimeGenerated", "_ResourceId").items():
        times = [r["TimeGenerated"] for r in uses if r["_ResourceId"] == cluster]
        out.append([caller, when, cluster, sum(when <= t <= when + HOUR for t in times), max(times, default=None)])
    return by_time(out, 1)[::-1]


@query("join-05-role-first-use", "AssignTime:datetime By Principal UseTime:datetime Verb AuditId", order=["AssignTime"])
def _(w, on):
    out = []
    for a in w.activity:
        if on(0, "the operation assigns a role", a["OperationNameValue"].lower().endswith("/roleassignments/write")) and on(1, "it succeeded", a["ActivityStatusValue"] == "Success"):
            who = text(at(a["Properties_d"], "principalName"))
            uses = [(r["TimeGenerated"], r["Verb"], r["AuditId"]) for r in w.audit if user(r) == who] or [(None, "", "")]
            uses = [u for u in uses if on(2, "the use is later, or there is none", u[0] is None or u[0] > a["TimeGenerated"])]
            if uses:
                out.append([a["TimeGenerated"], a["Caller"], who, *min(uses, key=lambda u: u[0] or 0)])
    return by_time(out)


@query("join-06-run-command", "Username RunTime:datetime UseTime:datetime Seconds:long Verb RequestUri", order=["UseTime"])
def _(w, on):
    runs = [r for r in w.activity if on(0, "the operation runs a command", r["OperationNameValue"].lower() == "microsoft.containerservice/managedclusters/runcommand/action") and on(1, "it is not only accepted", r["ActivityStatusValue"] != "Accept")]
    out = []
    for r in w.admin:
        for a in runs:
            if user(r) == a["Caller"] and r["_ResourceId"] == a["_ResourceId"] and on(2, "within five minutes behind it", 0 <= r["TimeGenerated"] - a["TimeGenerated"] <= 5 * MINUTE):
                out.append([user(r), a["TimeGenerated"], r["TimeGenerated"], r["TimeGenerated"] // SECOND - a["TimeGenerated"] // SECOND, r["Verb"], r["RequestUri"]])
    return by_time(out, 2)


@query("join-07-deletes-in-both", "TimeGenerated:datetime Caller OperationNameValue Cluster")
def _(w, on):
    both = {(r["_ResourceId"], user(r)) for r in w.admin if on(2, "the verb deletes", r["Verb"] in ("delete", "deletecollection"))}
    out = []
    for a in w.activity:
        cluster = extract("^(/subscriptions/.*/managedclusters/[^/]+)", 1, a["_ResourceId"])
        if on(0, "the operation deletes", a["OperationNameValue"].lower().endswith("/delete")) and on(1, "of a cluster", cluster != "") and (cluster, a["Caller"]) in both:
            out.append([a["TimeGenerated"], a["Caller"], a["OperationNameValue"], cluster])
    return out


@query("join-08-unknown-to-azure", "Username Requests:long Agents:dynamic", order=["Username"])
def _(w, on):
    known = {a["Caller"] for a in w.activity if on(0, "of the last day", a["TimeGenerated"] > ago(DAY))}
    rows = [r for r in w.audit if on(1, "contoso.example is a term of the user", has(user(r), "contoso.example"))]
    return sorted([who, len(g), Set(r["UserAgent"] for r in g)] for (who,), g in group(rows, user).items() if who not in known)


@query("join-09-denied-addresses", "SourceIp Refused:long Users:dynamic Callers:dynamic Failures:long", order=["Refused", "SourceIp"])
def _(w, on):
    refused = group([r for r in w.audit if on(0, "the code is 401 or 403", long(code(r)) in (401, 403))], first_ip)
    callers = group([a for a in w.activity if on(1, "there is an address", a["CallerIpAddress"] != "")], "CallerIpAddress")
    out = []
    for k, g in refused.items():
        c = callers.get(k)
        out.append([*k, len(g), Set(user(r) for r in g), Set(a["Caller"] for a in c) if c else None, sum(a["ActivityStatusValue"] == "Failure" for a in c) if c else None])
    return sorted(out, key=lambda r: (-r[1], r[0]))


@query("join-10-hours", "Person Hour:datetime InAzure:long InCluster:long", order=["Hour", "Person"])
def _(w, on):
    hour = lambda r: bin_of(r["TimeGenerated"], HOUR)
    azure = group([a for a in w.activity if on(0, "the category is Administrative", a["CategoryValue"] == "Administrative") and on(1, "it succeeded", a["ActivityStatusValue"] == "Success")], "Caller", hour)
    cluster = group([r for r in w.admin if on(2, "of that cluster", r["_ResourceId"].endswith("/managedclusters/c")) and on(3, "the user is of the organisation", user(r).lower().endswith("@contoso.example"))], user, hour)
    rows = [[who, when, len(azure.get((who, when), [])), len(cluster.get((who, when), []))] for who, when in {**azure, **cluster}]
    return sorted(rows, key=lambda r: (r[1], r[0]))


@query("join-11-guard", "LoginTime:datetime Caller")
def _(w, on):
    known = {a["Caller"] for a in w.activity if on(0, "there is a caller", a["Caller"] != "")}
    rows = [(r, extract(r"login of (\S+) allowed", 1, r["log_s"])) for r in w.diagnostics if on(1, "Category is guard", r["Category"] == "guard")]
    return [[r["TimeGenerated"], who] for r, who in rows if on(2, "the line names who logged in", who != "") and who in known]


@query("own-01-masters", "Username LastHop Requests:long First:datetime", order=["Requests", "LastHop"])
def _(w, on):
    rows = []
    for r in w.audit:
        groups = at(r["User"], "groups")
        for g in [None] if groups is None else groups:
            if on(0, "a group is system:masters", text(g) == "system:masters") and on(1, "the user is not aksService", not eq(at(r["User"], "username"), "aksService")):
                rows.append(r)
    out = [[*k, len(g), min(r["TimeGenerated"] for r in g)] for k, g in group(rows, user, lambda r: text(at(r["SourceIps"], -1))).items()]
    return sorted(out, key=lambda r: (-r[2], r[1]))


@query("own-02-impersonation", "TimeGenerated:datetime Username As Groups:dynamic")
def _(w, on):
    return [[r["TimeGenerated"], text(at(event(r), "user", "username")), text(at(event(r), "impersonatedUser", "username")), at(event(r), "impersonatedUser", "groups")] for r in w.diagnostics
            if on(0, "Category is kube-audit", r["Category"] == AUDITED) and on(1, "somebody was impersonated", at(event(r), "impersonatedUser") is not None)]


@query("own-03-cluster-admins-made", "TimeGenerated:datetime Binding N:long Kind Name")
def _(w, on):
    out = []
    for r in w.admin:
        if (on(0, "the resource is a binding", among(at(r["ObjectRef"], "resource"), "clusterrolebindings", "rolebindings")) and on(1, "the verb is create, update or patch", r["Verb"] in ("create", "update", "patch"))
                and on(2, "the role is cluster-admin", eq(at(r["RequestObject"], "roleRef", "name"), "cluster-admin")) and on(3, "the code is below 300", number(code(r)) and code(r) < 300)):
            subjects = at(r["RequestObject"], "subjects")
            for n, s in enumerate([None] if subjects is None else subjects):
                out.append([r["TimeGenerated"], ref(r, "namespace") + "/" + ref(r, "name"), n, text(at(s, "kind")), text(at(s, "name"))])
    return out


@query("own-04-unlike-categories", "Verb Both:long Alone:long", order=["Verb"])
def _(w, on):
    seen = {(r["AuditId"], r["Stage"]) for r in w.audit}
    out = []
    for (verb,), g in group(w.admin, "Verb").items():
        both = sum((r["AuditId"], r["Stage"]) in seen for r in g)
        out.append([verb, both, len(g) - both])
    return sorted(out)
