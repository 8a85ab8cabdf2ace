"""What Kusto's operators mean and what Azure's tables hold, as far as expected.py
needs it: written from Microsoft's documentation (the references of AzureDiagnostics,
AKSAudit, AKSControlPlane and AzureActivity, and of the operators), in Python's
standard library only. It shares no code with Postern and reads nothing but the raw
log of a world."""
import datetime as dt
import functools
import glob
import json
import os
import re

EPOCH = dt.datetime(1970, 1, 1)
SECOND = 10_000_000  # a datetime here is a number of ticks of 100 ns
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND


def ticks(text):
    """A time as RFC 3339 in ticks; digits behind the seventh are cut."""
    m = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z", text or "")
    if not m:
        return None
    whole = dt.datetime.strptime(m[1], "%Y-%m-%dT%H:%M:%S") - EPOCH
    return (whole.days * 86400 + whole.seconds) * SECOND + int((m[2] or "0")[:7].ljust(7, "0"))


def spelled(t):
    whole = EPOCH + dt.timedelta(seconds=t // SECOND)
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + ".%07dZ" % (t % SECOND)


NOW = ticks("2026-06-15T12:00:00Z")


def date(text):
    return ticks(text if "T" in text else text + "T00:00:00Z")


def ago(d):
    return NOW - d


def bin_of(t, size):
    return t - t % size


# Dynamic values are Python's; None is null and also what a missing path gives.

@functools.cache
def parse_text(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse(text):
    """parse_json: a text that is no JSON stays the string it is."""
    return parse_text(text) if isinstance(text, str) else text


def at(v, *path):
    for p in path:
        if isinstance(p, int):
            v = v[p] if isinstance(v, list) and -len(v) <= p < len(v) else None
        else:
            v = v.get(p) if isinstance(v, dict) else None
    return v


def text(v):
    """tostring: a string without quotes, an array or bag as compact JSON, "" for null."""
    if v is None:
        return ""
    return v if isinstance(v, str) else json.dumps(v, separators=(",", ":"), ensure_ascii=False)


def number(v):
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def long(v):
    """toint, tolong."""
    if isinstance(v, str):
        return int(v) if re.fullmatch(r"\s*[-+]?\d+\s*", v) else None
    return int(v) if number(v) else int(v) if isinstance(v, bool) else None


def boolean(v):
    """tobool."""
    if isinstance(v, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(v.lower())
    return v if isinstance(v, bool) else bool(v) if number(v) else None


def eq(v, w):
    """dynamic == literal: of the same kind and equal; null equals nothing."""
    if isinstance(w, bool):
        return v is w
    if number(w):
        return number(v) and v == w
    return isinstance(v, str) and v == w


def among(v, *list):
    return any(eq(v, w) for w in list)


def ge(v, n):
    return number(v) and v >= n


def le(v, n):
    return number(v) and v <= n


def starts(v, prefix):
    return text(v).lower().startswith(prefix.lower())


def contains(v, part):
    return part.lower() in text(v).lower()


def has(v, term):
    """has: the term stands in the text without a letter or digit going on at either end."""
    t, term = text(v).lower(), term.lower()
    i = t.find(term)
    while i >= 0:
        before, behind = t[i - 1 : i], t[i + len(term) : i + len(term) + 1]
        if not (term[0].isalnum() and before.isalnum()) and not (term[-1].isalnum() and behind.isalnum()):
            return True
        i = t.find(term, i + 1)
    return False


def extract(pattern, group, v):
    m = re.search(pattern, text(v))
    return m[group] if m else ""


def percentile(values, p):
    """By nearest rank."""
    values = sorted(values)
    return values[max(0, -(-len(values) * p // 100) - 1)]


class Some:
    """A cell for which several values are right: any of them."""

    def __init__(self, values):
        self.values = []
        for v in values:
            if v not in self.values:
                self.values.append(v)

    def __eq__(self, other):
        return type(self) is type(other) and self.values == other.values


class Document(Some):
    """A text that is the JSON of any of these values, however it is written."""


class Set:
    """A set, whose order Kusto leaves open. Nulls are not in it."""

    def __init__(self, values, most=None):
        self.values = []
        for v in values:
            if v is not None and v not in self.values:
                self.values.append(v)
        self.most = most if most is not None and most < len(self.values) else None  # so many of them, whichever

    def __eq__(self, other):
        return isinstance(other, Set) and (self.values, self.most) == (other.values, other.most)


def group(rows, *key):
    """Rows by key; a key is a column or a function of the row."""
    out = {}
    for r in rows:
        k = tuple(r[c] if isinstance(c, str) else c(r) for c in key)
        out.setdefault(k, []).append(r)
    return out


DIAGNOSTICS = """TenantId TimeGenerated:datetime ResourceId Category ResourceGroup SubscriptionId ResourceProvider Resource ResourceType OperationName ResultType CorrelationId
 ResultDescription DurationMs:long CallerIPAddress Level log_s pod_s stream_s containerID_s ccpNamespace_s Cloud_s Environment_s UnderlayClass_s UnderlayName_s AdditionalFields:dynamic
 SourceSystem Type _ResourceId _SubscriptionId _TimeReceived:datetime _BilledSize:real _IsBillable _ItemId""".split()
AUDIT = """TenantId TimeGenerated:datetime Annotations:dynamic AuditId Level ObjectRef:dynamic PodName RequestObject:dynamic RequestReceivedTime:datetime RequestUri ResponseObject:dynamic
 ResponseStatus:dynamic SourceIps:dynamic Stage StageReceivedTime:datetime User:dynamic UserAgent Verb SourceSystem Type _ResourceId _SubscriptionId _BilledSize:real _IsBillable""".split()
CONTROL = """TenantId TimeGenerated:datetime Category Level Message PodName Stream SourceSystem Type _ResourceId _SubscriptionId _BilledSize:real _IsBillable""".split()


def columns(spec):
    return [c if isinstance(c, tuple) else tuple(c.split(":")) if ":" in c else (c, "string") for c in (spec.split() if isinstance(spec, str) else spec)]


class World:
    """The tables that the raw log fills. id of a row: the auditID, of a line of text
    the time of its record, of an activity its eventDataId."""

    def __init__(self, root=None):
        self.diagnostics, self.audit, self.admin, self.control, self.activity = [], [], [], [], []
        self.deliveries = {}  # how many records there are of an event
        if root is None:
            return
        seen = set()
        files = sorted(glob.glob(os.path.join(root, "account", "**", "*.json"), recursive=True)) + sorted(glob.glob(os.path.join(root, "unnamed", "*.json")))
        for path in files:
            for r in records(path):
                self.record(r, seen)
        for path in sorted(glob.glob(os.path.join(root, "activity", "**", "*.json"), recursive=True)):
            for r in records(path):
                self.activity.append(activity(r))

    def record(self, r, seen):
        log, category = r["properties"]["log"], r["category"]
        event = parse(log) if category.startswith("kube-audit") else None
        id = re.search(r'"auditID":"([^"]+)"', log)[1] if event is not None else r["time"]
        self.deliveries[id] = self.deliveries.get(id, 0) + 1
        if event is not None:
            known = (category, r.get("resourceId"), log)
            if known in seen:
                return  # the same event delivered again is one row
            seen.add(known)
        row = diagnostics(r)
        row["#"] = id
        self.diagnostics.append(row)
        if event is None:
            self.control.append(control(row, r))
        else:
            (self.audit if category == "kube-audit" else self.admin).append(audit(row, r, event if isinstance(event, dict) else {}))

    def without(self, ids):
        w = World()
        for t in ("diagnostics", "audit", "admin", "control", "activity"):
            setattr(w, t, [r for r in getattr(self, t) if r["#"] not in ids])
        return w

    def ids(self):
        out = {}
        for t in (self.diagnostics, self.activity):
            for r in t:
                out[r["#"]] = True
        return list(out)

    def ad(self, *categories):
        return [r for r in self.diagnostics if not categories or r["Category"] in categories]


def records(path):
    with open(path, encoding="utf-8") as f:
        whole = f.read()
    if whole.startswith('{"records":'):
        return json.loads(whole)["records"]
    return [json.loads(l) for l in whole.splitlines()]


def arm(resource):
    """Subscription, group, provider, type and name of an ARM id, "" for what it has not."""
    p = resource.split("/")[1:] if resource.startswith("/") else []
    named = {p[i].lower(): i for i in range(0, len(p) - 1, 2)}
    get = lambda i: p[i] if i is not None and i < len(p) else ""
    provider = named.get("providers")
    return (get(named["subscriptions"] + 1) if "subscriptions" in named else "", get(named["resourcegroups"] + 1) if "resourcegroups" in named else "",
            get(provider + 1) if provider is not None else "", get(provider + 2) if provider is not None else "", get(provider + 3) if provider is not None else "")


def diagnostics(r):
    resource = r.get("resourceId", "YOUR-RESOURCE-ID")  # as the test names the cluster of records without one
    subscription, rg, provider, kind, name = arm(resource)
    named = not resource.startswith("/")
    p = r["properties"]
    more = {k: v for k, v in p.items() if k not in ("log", "pod", "stream", "containerID")}
    row = dict.fromkeys(c for c, t in columns(DIAGNOSTICS) if t == "string")
    for c in row:
        row[c] = ""
    row.update(TimeGenerated=ticks(r["time"]), ResourceId=resource.upper(), Category=r["category"], ResourceGroup=rg.upper(), SubscriptionId=subscription.lower(),
               ResourceProvider="MICROSOFT.CONTAINERSERVICE" if named else provider.upper(), ResourceType="MANAGEDCLUSTERS" if named else kind.upper(), Resource=resource.upper() if named else name.upper(),
               OperationName=r["operationName"], DurationMs=None, log_s=p["log"], pod_s=p["pod"], stream_s=p.get("stream", ""), containerID_s=p.get("containerID", ""), ccpNamespace_s=r.get("ccpNamespace", ""),
               Cloud_s=r.get("Cloud", ""), Environment_s=r.get("Environment", ""), UnderlayClass_s=r.get("UnderlayClass", ""), UnderlayName_s=r.get("UnderlayName", ""), AdditionalFields=more or None,
               SourceSystem="Azure", Type="AzureDiagnostics", _ResourceId=resource if named else resource.lower(), _SubscriptionId=subscription.lower(), _TimeReceived=NOW, _BilledSize=None)
    return row


def shared(row, kind):
    return {"TenantId": "", "TimeGenerated": row["TimeGenerated"], "SourceSystem": "Azure", "Type": kind, "_ResourceId": row["_ResourceId"], "_SubscriptionId": row["_SubscriptionId"],
            "_BilledSize": None, "_IsBillable": "", "#": row["#"], "PodName": row["pod_s"]}


def audit(row, r, e):
    out = shared(row, "AKSAudit" if r["category"] == "kube-audit" else "AKSAuditAdmin")
    for column, member in (("AuditId", "auditID"), ("Level", "level"), ("RequestUri", "requestURI"), ("Stage", "stage"), ("UserAgent", "userAgent"), ("Verb", "verb")):
        out[column] = e.get(member, "")
    for column, member in (("Annotations", "annotations"), ("ObjectRef", "objectRef"), ("RequestObject", "requestObject"), ("ResponseObject", "responseObject"), ("ResponseStatus", "responseStatus"),
                           ("SourceIps", "sourceIPs"), ("User", "user")):
        out[column] = e.get(member)
    out["RequestReceivedTime"], out["StageReceivedTime"] = ticks(e.get("requestReceivedTimestamp")), ticks(e.get("stageTimestamp"))
    return out


def control(row, r):
    out = shared(row, "AKSControlPlane")
    header = re.match(r"([IWEF])\d{4} ", row["log_s"])
    out.update(Category=row["Category"], Level={"I": "INFO", "W": "WARNING", "E": "ERROR", "F": "FATAL"}[header[1]] if header else "", Message=row["log_s"], Stream=row["stream_s"])
    return out


UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def activity(r):
    """A row of AzureActivity from a record as exported: the caller is the UPN claim,
    for an application its object id."""
    subscription, rg, provider, _, name = arm(r["resourceId"])
    claims = at(r, "identity", "claims") or {}
    return {"#": r["properties"]["eventDataId"], "TimeGenerated": ticks(r["time"]), "OperationNameValue": r["operationName"], "ActivityStatusValue": r["resultType"], "ActivitySubstatusValue": r["resultSignature"],
            "Caller": claims.get(UPN) or claims.get(OID) or "", "CallerIpAddress": r["callerIpAddress"], "CategoryValue": r["category"], "CorrelationId": r["correlationId"], "Level": r["level"],
            "Properties_d": r["properties"], "Claims_d": claims, "Authorization_d": at(r, "identity", "authorization"), "ResourceGroup": rg, "SubscriptionId": subscription.lower(),
            "ResourceProviderValue": provider.upper(), "EventDataId": r["properties"]["eventDataId"], "_ResourceId": r["resourceId"].lower(), "ResourceId": r["resourceId"]}
