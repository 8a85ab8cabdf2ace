"""Makes the world of tools/aks: what the control planes of four AKS clusters, a
fleet and a subscription's Activity Log wrote before one moment, as Azure writes
it to a storage account. The same seed gives the same bytes.

    python3 world.py [DIRECTORY]        (default: testdata/world beside this file)

Nothing here is evaluated: what the queries make of it is told by expected.py,
which reads the files only. Names of events (the first argument of ev) say what
they are there for; their auditIDs are derived from these names.
"""
import datetime as dt
import json
import os
import random
import shutil
import sys
import uuid

import activity

SEED = 20260615
NOW = dt.datetime(2026, 6, 15, 12, 0, 0)
SPACE = uuid.UUID("6ba7b811-9dad-41d1-80b4-00c04fd430c8")
C = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C"
MINE = "/SUBSCRIPTIONS/0B1F6471-1BF0-4DDA-AEC3-111122223333/RESOURCEGROUPS/Rg-Two/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/MYCLUSTER"
SHORT = "/SUBSCRIPTIONS/S/X/C"
FLEET = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/FLEETS/F"
OPERATION = "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read"
ALICE, BOB, OPS = "alice@contoso.example", "bob@contoso.example", "7f0a4c1e-58d2-4f7b-9a63-2b1c0d9e8f77"
ADMINS = ["system:masters", "system:authenticated"]
NODE = "system:node:aks-np1-000000"

events, lines, activities = [], [], []


def audit_id(name):
    return str(uuid.uuid5(SPACE, name))


def stamp(t, digits=6):
    return t.strftime("%Y-%m-%dT%H:%M:%S.%f")[: 20 + digits] + "Z"


def at(minutes):
    """A moment: minutes before NOW, or a datetime as it is."""
    return minutes if isinstance(minutes, dt.datetime) else NOW - dt.timedelta(minutes=minutes)


def ev(name, when, verb, resource="", ns="", obj="", sub="", *, group="", version="v1", user=ALICE, groups=None, extra=None,
       code=200, reason="", message="", level="Metadata", uri=None, ua="kubectl/v1.33.1 (linux/amd64)", ips=("203.0.113.7",),
       stage="ResponseComplete", body=None, answer=None, notes=None, took=12, cluster=C, categories=None, top=None, imp=None, cut=0, exact=None, twice=False):
    if uri is None:
        uri = ("/apis/%s/%s" % (group, version) if group else "/api/" + version) + ("/namespaces/" + ns if ns else "") + "/" + resource + ("/" + obj if obj else "") + ("/" + sub if sub else "")
    staged = at(when) - dt.timedelta(seconds=2) if exact is None else exact - dt.timedelta(milliseconds=250)
    e = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": level, "auditID": audit_id(name), "stage": stage, "requestURI": uri, "verb": verb}
    e["user"] = {"username": user}
    e["user"]["groups"] = list(groups or ["system:authenticated"])
    if extra:
        e["user"]["extra"] = extra
    if imp:
        e["impersonatedUser"] = imp
    e["sourceIPs"] = list(ips)
    if ua:
        e["userAgent"] = ua
    if resource:
        ref = {"resource": resource, "namespace": ns, "name": obj, "apiGroup": group, "apiVersion": version, "subresource": sub}
        e["objectRef"] = {k: v for k, v in ref.items() if v}
    if code is not None:
        s = {"metadata": {}}
        if code >= 400:
            s.update(status="Failure")
            if message:
                s["message"] = message
            if reason:
                s["reason"] = reason
        s["code"] = code
        e["responseStatus"] = s
    if body is not None:
        e["requestObject"] = body
    if answer is not None:
        e["responseObject"] = answer
    e["requestReceivedTimestamp"] = stamp(staged - dt.timedelta(milliseconds=took))
    e["stageTimestamp"] = stamp(staged)
    decision = "forbid" if code == 403 else "allow"
    e["annotations"] = {"authorization.k8s.io/decision": decision, "authorization.k8s.io/reason": ""} if notes is None else notes
    e.update(top or {})
    if categories is None:
        categories = ["kube-audit"] if verb in ("get", "list") else ["kube-audit", "kube-audit-admin"]
    events.append((e, exact or at(when), 0 if exact else len(events), categories, cluster, cut, twice))


def line(category, when, text, cluster=C, pod=None):
    lines.append((category, at(when), text, cluster, pod or category + "-6c5f4b7d9-x2x9k"))


def pod(*containers, host=None, volumes=None, kind="Pod"):
    spec = {"containers": list(containers)}
    if volumes:
        spec["volumes"] = volumes
    spec.update(host or {})
    return {"kind": kind, "apiVersion": "v1", "metadata": {"name": "p"}, "spec": spec}


def container(name, image="registry.example/app:1", privileged=None, mounts=None):
    c = {"name": name, "image": image}
    if privileged is not None:
        c["securityContext"] = {"privileged": privileged}
    if mounts:
        c["volumeMounts"] = mounts
    return c


def host_path(name, path):
    return {"name": name, "hostPath": {"path": path}}


def answer(ns, name):
    return {"kind": "Pod", "metadata": {"name": name, "namespace": ns}}


def binding(role, *subjects, kind="ClusterRoleBinding"):
    return {"kind": kind, "apiVersion": "rbac.authorization.k8s.io/v1", "subjects": [{"kind": k, "name": n} for k, n in subjects],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}}


def shell(obj="web-1", ns="shop", *commands):
    return "/api/v1/namespaces/%s/pods/%s/exec?%s&container=app&stdin=true&tty=true" % (ns, obj, "&".join("command=" + c for c in commands))


RBAC = dict(group="rbac.authorization.k8s.io")
APPS = dict(group="apps")
KCM = "system:kube-controller-manager"
SA = "system:serviceaccount:"


def execs():
    ev("exec", 20, "create", "pods", "shop", "web-1", "exec", code=101, uri=shell("web-1", "shop", "sh", "-c", "id%20-u"))
    ev("exec-again", 18, "create", "pods", "shop", "web-1", "exec", code=101, uri=shell("web-1", "shop", "sh", "-c", "id%20-u"), ips=["203.0.113.7", "172.31.11.4"])
    ev("exec-other-command", 17, "create", "pods", "shop", "web-1", "exec", code=101, uri=shell("web-1", "shop", "cat", "/etc/passwd"), user="masterclient", groups=ADMINS)
    ev("exec-second-pod", 95, "create", "pods", "kube-system", "coredns-7", "exec", code=101, uri=shell("coredns-7", "kube-system", "ls"), user="masterclient", groups=ADMINS, ips=["198.51.100.9"])
    ev("exec-websocket-get", 16, "get", "pods", "shop", "web-2", "exec", code=101, uri=shell("web-2", "shop", "sh"))
    ev("exec-detector", 15, "create", "pods", "kube-system", "coredns-7", "exec", code=101, uri=shell("coredns-7", "kube-system", "true"), user="aksProblemDetector")
    ev("exec-old", 60 * 50, "create", "pods", "shop", "web-1", "exec", code=101, uri=shell("web-1", "shop", "old"))
    ev("exec-other-cluster", 14, "create", "pods", "shop", "web-1", "exec", code=101, uri=shell("web-1", "shop", "sh"), cluster=MINE, user=BOB)
    ev("exec-forbidden", 13, "create", "pods", "shop", "web-1", "exec", code=403, reason="Forbidden", message='pods "web-1" is forbidden: User "bob@contoso.example" cannot create resource "pods/exec"', uri=shell("web-1", "shop", "sh"), user=BOB, ips=["198.51.100.20"])
    ev("exec-upgrade-200", 12, "create", "pods", "shop", "web-1", "exec", code=200, uri=shell("web-1", "shop", "sh"))
    ev("attach", 11, "create", "pods", "shop", "web-1", "attach", code=101, uri="/api/v1/namespaces/shop/pods/web-1/attach?container=exec&stdin=true")
    ev("portforward", 10, "create", "pods", "shop", "web-1", "portforward", code=101)
    ev("exec-by-system", 9.5, "create", "pods", "shop", "web-3", "exec", code=101, uri=shell("web-3", "shop", "sh"), user=SA + "ops:runner", groups=["system:serviceaccounts"])
    ev("exec-virtual-machine", 9, "create", "virtualmachineinstances", "shop", "vm-1", "exec", group="subresources.kubevirt.io", code=101, uri="/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachineinstances/vm-1/exec?command=id")
    ev("create-named-exec", 8.5, "create", "pods", "shop", "exec", code=201)
    ev("exec-kube-system-by-default", 41, "create", "pods", "kube-system", "coredns-7", "exec", code=403, reason="Forbidden", user=SA + "default:build", groups=["system:serviceaccounts"],
       message='pods "coredns-7" is forbidden: User "system:serviceaccount:default:build" cannot create resource "pods/exec" in API group "" in the namespace "kube-system"')
    ev("exec-kube-system-by-other", 42, "create", "pods", "kube-system", "coredns-7", "exec", code=403, reason="Forbidden", user=SA + "defaults:build", groups=["system:serviceaccounts"],
       message='pods "coredns-7" is forbidden: User "system:serviceaccount:defaults:build" cannot create resource "pods/exec" in API group "" in the namespace "kube-system"')
    ev("exec-shop-by-default", 43, "create", "pods", "shop", "web-1", "exec", code=403, reason="Forbidden", user=SA + "default:build", groups=["system:serviceaccounts"],
       message='pods "web-1" is forbidden: User "system:serviceaccount:default:build" cannot create resource "pods/exec" in API group "" in the namespace "shop"')
    ev("attach-kube-system-by-default", 44, "create", "pods", "kube-system", "coredns-7", "attach", code=403, reason="Forbidden", user=SA + "default:build", groups=["system:serviceaccounts"],
       message='pods "coredns-7" is forbidden: User "system:serviceaccount:default:build" cannot create resource "pods/attach" in API group "" in the namespace "kube-system"')


def pods():
    priv = container("root", "alpine:latest", True)
    plain = container("app")
    ev("pod-privileged", 2, "create", "pods", "shop", "miner", code=201, level="Request", body=pod(plain, priv))
    ev("pod-privileged-again", 1, "patch", "pods", "shop", "miner", level="Request", body=pod(priv))
    ev("pod-unprivileged", 1.5, "create", "pods", "shop", "calm", code=201, level="Request", body=pod(container("app", privileged=False)))
    ev("pod-privileged-text", 1.6, "create", "pods", "shop", "text", code=201, level="Request", body=pod(container("app", privileged="true")))
    ev("pod-privileged-system", 2.5, "create", "pods", "kube-system", "csi", code=201, level="Request", body=pod(priv), user=KCM)
    ev("pod-privileged-old", 6, "create", "pods", "shop", "early", code=201, level="Request", body=pod(priv))
    ev("pod-privileged-deleted", 2.2, "delete", "pods", "shop", "miner", level="Request", body=pod(priv))
    ev("deployment-privileged", 2.1, "create", "deployments", "shop", "dep", **APPS, code=201, level="Request", body=pod(priv, kind="Deployment"))
    ev("pod-hostpath", 3, "create", "pods", "shop", "spy", code=201, level="RequestResponse", answer=answer("shop", "spy"),
       body=pod(container("spy", mounts=[{"name": "etc", "mountPath": "/host"}, {"name": "tmp", "mountPath": "/t"}]), volumes=[host_path("etc", "/etc/kubernetes"), host_path("tmp", "/opt/data"), {"name": "none", "emptyDir": {}}]))
    ev("pod-hostpath-root", 3.2, "update", "pods", "shop", "spy2", level="Request", body=pod(plain, volumes=[host_path("root", "/"), host_path("proc", "/proc/1")]))
    ev("pod-hostpath-harmless", 3.3, "create", "pods", "shop", "logger", code=201, level="RequestResponse", answer=answer("shop", "logger"),
       body=pod(container("logger", mounts=[{"name": "logs", "mountPath": "/logs"}]), volumes=[host_path("logs", "/data/etc")]))
    ev("pod-hostpath-system", 3.4, "create", "pods", "calico-system", "calico", code=201, level="Request", body=pod(plain, volumes=[host_path("run", "/var/run/calico")]))
    ev("pod-hostpath-read", 3.5, "get", "pods", "shop", "spy", level="RequestResponse", body=pod(plain, volumes=[host_path("etc", "/etc")]))
    ev("pod-hostpath-refused", 3.6, "create", "pods", "shop", "spy3", code=403, reason="Forbidden", message="forbidden by policy", level="Request", body=pod(plain, volumes=[host_path("etc", "/etc")]), answer=answer("shop", "spy3"))
    ev("pod-hostpath-old", 60 * 49, "create", "pods", "shop", "spy4", code=201, level="RequestResponse", answer=answer("shop", "spy4"), body=pod(container("s", mounts=[{"name": "etc", "mountPath": "/h"}]), volumes=[host_path("etc", "/etc")]))
    ev("pod-hostpath-other-cluster", 33, "create", "pods", "shop", "spy5", code=201, level="RequestResponse", answer=answer("shop", "spy5"), body=pod(container("s", mounts=[{"name": "etc", "mountPath": "/h"}]), volumes=[host_path("etc", "/etc")]), cluster=MINE)
    ev("pod-hostnetwork", 4, "create", "pods", "shop", "net", code=201, level="Request", body=pod(plain, host={"hostNetwork": True}))
    ev("pod-hostpid-text", 4.1, "create", "pods", "shop", "pid", code=201, level="Request", body=pod(plain, host={"hostPID": "true", "hostIPC": False}))
    ev("pod-hostnetwork-false", 4.2, "create", "pods", "shop", "net2", code=201, level="Request", body=pod(plain, host={"hostNetwork": False, "hostPID": False}))
    ev("pod-hostnetwork-system", 4.3, "create", "pods", "tigera-operator", "op", code=201, level="Request", body=pod(plain, host={"hostNetwork": True}))
    ev("pod-hostnetwork-old", 5.05, "create", "pods", "shop", "net3", code=201, level="Request", body=pod(plain, host={"hostIPC": True}))
    ev("pod-hostnetwork-patched", 70, "patch", "pods", "shop", "net4", level="Request", body=pod(plain, host={"hostNetwork": True}))
    ev("pod-node-setup", 200, "create", "pods", "kube-system", "node-setup-7x", code=201, level="Metadata", user=BOB)
    ev("pod-setup-container", 202, "create", "pods", "shop", "later", code=201, level="Request", user=BOB, body=pod(container("setup", "busybox")))
    ev("pod-not-suspicious", 203, "create", "pods", "shop", "node-setup", code=201, level="Request", user=BOB, body=pod(container("set-up", "alpine:3")))
    ev("pod-suspicious-but-deleted", 204, "delete", "pods", "shop", "node-setup-8y", user=BOB)
    ev("podtemplate-suspicious", 205, "create", "podtemplates", "shop", "node-setup-9z", code=201, user=BOB)
    ev("pod-suspicious-long-ago", 60 * 24 * 31, "create", "pods", "shop", "node-setup-0", code=201, user=BOB)
    ev("pod-forbidden", 26, "create", "pods", "shop", "", code=403, reason="Forbidden", message='pods is forbidden: User "bob@contoso.example" cannot create resource "pods" in the namespace "shop"', user=BOB, ips=["198.51.100.20"])
    ev("pod-unauthorized", 27, "create", "pods", "shop", "", code=401, reason="Unauthorized", message="Unauthorized", user="system:anonymous", groups=["system:unauthenticated"], ips=["192.0.2.66"])
    ev("podgroup-forbidden", 28, "create", "podgroups", "shop", "", group="scheduling.example", code=403, reason="Forbidden", message="no", user=BOB)
    ev("pod-delete", 45, "delete", "pods", "shop", "web-9")
    ev("pod-evict", 46, "create", "pods", "shop", "web-8", "eviction", group="", code=201)
    ev("cronjob", 300, "create", "cronjobs", "shop", "nightly", group="batch", code=201, level="Request", body={"kind": "CronJob", "apiVersion": "batch/v1", "metadata": {"name": "nightly"}})
    ev("cronjob-in-list", 301, "create", "jobs", "shop", "once", group="batch", code=201, level="Request", body={"kind": "Job", "apiVersion": "batch/v1", "metadata": {"ownerReferences": [{"kind": "CronJob"}]}})
    ev("cronjob-updated", 302, "update", "cronjobs", "shop", "nightly", group="batch", level="Request", body={"kind": "CronJob", "apiVersion": "batch/v1", "metadata": {"name": "nightly"}})
    ev("body-skipped", 303, "create", "configmaps", "shop", "huge", code=201, level="Request", body="skipped-too-big-size-object")


def bindings():
    ev("crb-admin", 30, "create", "clusterrolebindings", "", "oops", **RBAC, code=201, level="RequestResponse", body=binding("cluster-admin", ("User", BOB), ("Group", "4b8c6f0a-dead-4bee-8f00-000000000001")))
    ev("crb-admin-retry", 29, "create", "clusterrolebindings", "", "oops", **RBAC, code=201, level="RequestResponse", body=binding("cluster-admin", ("User", BOB)))
    ev("crb-view", 31, "create", "clusterrolebindings", "", "readers", **RBAC, code=201, level="RequestResponse", body=binding("cluster-admin-view", ("User", BOB)))
    ev("crb-conflict", 32, "create", "clusterrolebindings", "", "taken", **RBAC, code=409, reason="AlreadyExists", message="clusterrolebindings already exists", level="RequestResponse", body=binding("cluster-admin", ("User", BOB)))
    ev("crb-update", 34, "update", "clusterrolebindings", "", "oops", **RBAC, level="RequestResponse", body=binding("cluster-admin", ("User", BOB)))
    ev("rb-admin", 35, "create", "rolebindings", "shop", "clusterrolebindings", **RBAC, code=201, level="RequestResponse", body=binding("cluster-admin", ("User", BOB), kind="RoleBinding"))
    ev("crb-admin-old", 60 * 49, "create", "clusterrolebindings", "", "old", **RBAC, code=201, level="RequestResponse", body=binding("cluster-admin", ("User", BOB)))
    ev("crb-admin-other-cluster", 36, "create", "clusterrolebindings", "", "two", **RBAC, code=201, level="RequestResponse", body=binding("cluster-admin", ("User", BOB)), cluster=MINE)
    ev("rb-by-kube-system", 37, "create", "rolebindings", "shop", "auto", **RBAC, code=201, user=SA + "kube-system:clusterrole-aggregation-controller")
    ev("rb-by-node", 37.5, "patch", "rolebindings", "shop", "auto", **RBAC, user=NODE)
    ev("rb-by-controller", 38, "update", "rolebindings", "shop", "auto", **RBAC, user=KCM)
    ev("rb-by-lookalike", 38.5, "update", "rolebindings", "shop", "mine", **RBAC, user=SA + "kube-systems:x")
    ev("rb-started", 39, "create", "rolebindings", "shop", "mine", **RBAC, code=201, stage="ResponseStarted")
    ev("rb-deleted", 39.5, "delete", "rolebindings", "shop", "mine", **RBAC)
    ev("rb-failed", 40, "create", "rolebindings", "shop", "mine", **RBAC, code=300)
    ev("rb-old", 61, "create", "rolebindings", "shop", "mine", **RBAC, code=201)
    ev("role-create", 40.5, "create", "roles", "shop", "reader", **RBAC, code=201)
    ev("clusterrole-delete", 47, "delete", "clusterroles", "", "reader", **RBAC)
    ev("clusterrole-read", 48, "get", "clusterroles", "", "reader", **RBAC)
    ev("role-listed", 48.5, "list", "rolebindings", "shop", "", **RBAC)


def secrets():
    ev("secret-read", 2.8, "get", "secrets", "shop", "db-password", ips=["198.51.100.20"], user=BOB)
    ev("secret-read-second", 2.9, "get", "secrets", "shop", "api-key", ips=["198.51.100.20"], user=BOB)
    ev("secret-list", 3.1, "list", "secrets", "shop", "", user=SA + "ops:runner", ips=["10.244.0.9"])
    ev("secret-by-controller", 3.15, "list", "secrets", "", "", user=KCM)
    ev("secret-by-scheduler-namesake", 3.16, "get", "secrets", "shop", "x", user="system:kube-schedulers")
    ev("secret-by-kube-system", 3.25, "get", "secrets", "kube-system", "x", user=SA + "kube-system:addon")
    ev("secret-refused", 3.35, "get", "secrets", "shop", "db-password", code=403, reason="Forbidden", message='secrets "db-password" is forbidden', user=BOB, ips=["198.51.100.20"])
    ev("secret-old", 5.2, "get", "secrets", "shop", "db-password", user=BOB)
    ev("secret-deleted", 3.45, "delete", "secrets", "shop", "api-key", user=BOB)
    ev("secret-created", 250, "create", "secrets", "shop", "fresh", code=201)
    ev("secretproviderclass-read", 3.55, "get", "secretproviderclasses", "shop", "db", group="secrets-store.csi.x-k8s.io", user=BOB)
    ev("secret-same-hour", 199, "get", "secrets", "kube-system", "bootstrap", user=BOB)
    ev("secret-same-hour-2", 198, "list", "secrets", "shop", "", user=BOB, ua="curl/8.5.0")
    ev("secret-next-hour", 130, "get", "secrets", "kube-system", "bootstrap", user=BOB)
    ev("secret-other-user", 197, "get", "secrets", "kube-system", "bootstrap", user=ALICE)
    ev("sa-other-namespace", 22, "get", "configmaps", "shop", "settings", user=SA + "ops:runner")
    ev("sa-own-namespace", 23, "get", "configmaps", "ops", "settings", user=SA + "ops:runner")
    ev("sa-cluster-scope", 24, "list", "nodes", "", "", user=SA + "ops:runner")
    ev("sa-other-namespace-watch", 24.5, "watch", "configmaps", "shop", "", user=SA + "ops:runner")
    ev("sa-other-namespace-old", 62, "get", "configmaps", "shop", "settings", user=SA + "ops:runner")
    ev("user-other-namespace", 25, "get", "configmaps", "shop", "settings", user="oidc:system:serviceaccount-ops")
    ev("configmap-update", 120, "update", "configmaps", "shop", "settings")
    ev("configmap-patch", 121, "patch", "configmaps", "shop", "settings")
    ev("configmap-upper", 122, "get", "ConfigMaps", "shop", "settings", code=404, reason="NotFound", message="the server could not find the requested resource")


def others():
    ev("event-delete", 100, "delete", "events", "shop", "web-1.17a")
    ev("event-delete-second", 101, "delete", "events", "shop", "web-1.17b")
    ev("event-delete-other", 102, "delete", "events", "ops", "job.1", user=BOB, ips=["198.51.100.20", "172.31.11.4"])
    ev("event-delete-missing", 103, "delete", "events", "shop", "web-1.17c", code=404, reason="NotFound", message="not found")
    ev("event-deletecollection", 104, "deletecollection", "events", "shop", "")
    ev("event-delete-old", 60 * 49, "delete", "events", "shop", "web-1.16")
    ev("event-delete-other-cluster", 105, "delete", "events", "shop", "web-1.17d", cluster=MINE)
    ev("pod-named-events", 106, "delete", "pods", "shop", "events")
    ev("webhook-500", 50, "create", "deployments", "shop", "web", **APPS, code=500, reason="InternalError", message='Internal error occurred: failed calling webhook "policy.example": timeout')
    ev("webhook-500-plural", 51, "create", "deployments", "shop", "web", **APPS, code=500, reason="InternalError", message="Internal error occurred: failed calling webhooks")
    ev("webhook-503", 52, "create", "deployments", "shop", "web", **APPS, code=503, reason="ServiceUnavailable", message="failed calling webhook")
    ev("webhook-500-old", 61.5, "create", "deployments", "shop", "web", **APPS, code=500, reason="InternalError", message="failed calling webhook")
    for i, took in enumerate((5, 80, 1200, 40)):
        ev("slow-agent-%d" % i, 53 + i / 10, "list", "pods", "shop", "", ua="DUMMYUSERAGENT", took=took)
        ev("slow-user-%d" % i, 54 + i / 10, "list", "pods", "shop", "", user="DUMMYUSERAGENT", took=took + 7)
    ev("slow-agent-write", 53.6, "patch", "deployments", "shop", "web", **APPS, ua="DUMMYUSERAGENT", took=333)
    ev("slow-agent-version", 55, "watch", "pods", "shop", "", ua="DUMMYUSERAGENT/1.0", took=9000)
    ev("slow-user-lower", 55.2, "deletecollection", "pods", "shop", "", user="dummyuseragent", took=9000)
    ev("slow-agent-healthz", 55.5, "get", uri="/livez?verbose", ua="DUMMYUSERAGENT", took=8000)
    ev("slow-user-healthz", 55.6, "get", uri="/livez?verbose", user="DUMMYUSERAGENT", took=8000)
    ev("slow-agent-old", 63, "list", "pods", "shop", "", ua="DUMMYUSERAGENT", took=7000)
    ev("slow-user-old", 64, "list", "pods", "shop", "", user="DUMMYUSERAGENT", took=7000)
    ev("nmap", 600, "get", uri="/HNAP1", code=200, ua="Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", user="system:anonymous", groups=["system:unauthenticated"], ips=["192.0.2.66"], categories=["kube-audit"])
    ev("nmap-denied", 601, "get", uri="/evox/about", code=403, reason="Forbidden", message="forbidden", ua="Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", user="system:anonymous", groups=["system:unauthenticated"], ips=["192.0.2.66"])
    ev("nmap-other", 602, "get", uri="/version", ua="Nmap", user="anonymous", ips=["192.0.2.67"])
    ev("anonymous-lookalike", 603, "get", uri="/version", user="system:anonymous2")
    ev("source-last", 610, "get", "pods", "shop", "web-1", ips=["203.0.113.7", "192.168.1.1"])
    ev("source-first", 611, "get", "pods", "shop", "web-1", ips=["192.168.1.1", "203.0.113.7"])
    ev("source-longer", 612, "get", "pods", "shop", "web-1", ips=["192.168.1.11"])
    ev("code-on-top-403", 0.9, "get", "nodes", "", "n1", code=None, top={"code": 403}, user=BOB)
    ev("code-on-top-500", 0.8, "get", "nodes", "", "n2", code=None, top={"code": 500}, user=BOB)
    ev("code-on-top-399", 0.7, "get", "nodes", "", "n3", code=None, top={"code": 399}, user=BOB)
    ev("code-on-top-text", 0.6, "get", "nodes", "", "n4", code=None, top={"code": "403"}, user=BOB)
    ev("scheduler-1.23", 700, "update", "leases", "kube-system", "kube-scheduler", group="coordination.k8s.io", user="system:kube-scheduler", ua="kube-scheduler/v1.23.12 (linux/amd64)")
    ev("scheduler-1.23.1", 701, "update", "leases", "kube-system", "kube-scheduler", group="coordination.k8s.io", user="system:kube-scheduler", ua="kube-scheduler/v1.23.1 (linux/amd64)")
    ev("coredns-created", 720, "create", "configmaps", "kube-system", "coredns-custom", code=201)
    ev("coredns-updated", 721, "update", "configmaps", "kube-system", "coredns-custom")
    ev("coredns-plural", 722, "create", "configmaps", "kube-system", "mycoredns", code=201)
    ev("recon", 730, "list", "secrets", "", "", user=SA + "lab:recon-v2-sa")
    ev("recon-v1", 731, "list", "secrets", "", "", user=SA + "lab:recon-v1-sa")
    ev("guid-user", 740, "create", "namespaces", "", "team", code=201, user=OPS, extra={"oid": [OPS]})
    ev("guid-user-upper", 741, "create", "namespaces", "", "team2", code=409, reason="AlreadyExists", message="exists", user=OPS.upper(), extra={"oid": [OPS]})
    ev("guid-user-prefixed", 742, "create", "namespaces", "", "team3", code=201, user="aad:" + OPS)
    ev("pod-security", 800, "create", "pods", "shop", "risky", code=201, notes={"authorization.k8s.io/decision": "allow", "pod-security.kubernetes.io/audit-violations": 'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false'})
    ev("pod-security-again", 801, "create", "pods", "shop", "risky", code=201, notes={"authorization.k8s.io/decision": "allow", "pod-security.kubernetes.io/audit-violations": 'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false'}, user=BOB)
    ev("pod-security-empty", 802, "create", "pods", "shop", "fine", code=201, notes={"pod-security.kubernetes.io/audit-violations": ""})
    ev("pod-security-other", 803, "create", "pods", "shop", "fine", code=201, notes={"pod-security.kubernetes.io/enforce-policy": "restricted:latest"})
    ev("pod-security-old", 60 * 24 * 7 + 1, "create", "pods", "shop", "risky", code=201, notes={"pod-security.kubernetes.io/audit-violations": "would violate"})
    ev("nginx", 310, "create", "services", "shop", "my-nginx-svc", code=201)
    ev("nginx-upper", 311, "get", "services", "shop", "NGINX")
    ev("nginx-misspelt", 312, "create", "services", "shop", "ngin-x", code=201)
    ev("impersonated", 320, "list", "pods", "shop", "", user=ALICE, imp={"username": BOB, "groups": ["system:authenticated"]})
    ev("deletecollection", 330, "deletecollection", "pods", "shop", "")
    ev("statefulset-patch", 331, "patch", "statefulsets", "shop", "db", **APPS)
    ev("statefulset-status", 332, "get", "statefulsets", "shop", "db", "status", **APPS)
    ev("replicaset-watch", 333, "watch", "replicasets", "shop", "", **APPS, user=KCM)
    ev("no-user-agent", 340, "update", "leases", "kube-node-lease", "n1", group="coordination.k8s.io", user=NODE, groups=["system:nodes"], ua="")
    ev("delivered-twice", 345, "patch", "nodes", "", "n1", "status", user=NODE, groups=["system:nodes"], twice=True)
    ev("cut-exec", 350, "create", "pods", "shop", "web-1", "exec", code=101, level="RequestResponse", body=pod(container("privileged")), cut=420)
    ev("aks-service", 360, "get", "nodes", "", "", user="aksService", groups=ADMINS, ips=["172.31.0.2"])


def masters():
    for i, (verb, resource, name) in enumerate((("get", "secrets", "db-password"), ("create", "clusterrolebindings", "backdoor"), ("delete", "deployments", "web"))):
        ev("masterclient-%d" % i, 81 - i, verb, resource, "" if i == 1 else "shop", name, user="masterclient", groups=ADMINS, ips=["198.51.100.9", "172.31.11.4"], code=201 if i == 1 else 200)
    ev("masterclient-before-pull", 186, "list", "nodes", "", "", user="masterclient", groups=ADMINS, ips=["203.0.113.200"])
    ev("masterclient-other-cluster", 90, "list", "pods", "shop", "", user="masterclient", groups=ADMINS, ips=["198.51.100.9"], cluster=MINE)
    ev("masterclient-lookalike", 91.5, "list", "pods", "shop", "", user="masterclient2", ips=["198.51.100.9"])
    ev("cluster-admin-user", 60 * 30, "list", "pods", "shop", "", user="clusterAdmin", groups=ADMINS)
    ev("cluster-admin-before", dt.datetime(2025, 12, 31, 23, 0), "list", "pods", "shop", "", user="clusterUser", groups=ADMINS)
    ev("masterclient-lists", 92, "list", "pods", "shop", "", user="masterclient", groups=ADMINS, ips=["198.51.100.9", "172.31.11.4"])
    ev("masterclient-lists-again", 92.5, "list", "pods", "shop", "", user="masterclient", groups=ADMINS, ips=["198.51.100.9", "172.31.11.4"])


def dates():
    day = dt.datetime(2023, 2, 23)
    ev("day-2023-begins", 0, "get", "pods", "old", "p", exact=day)
    ev("day-2023-ends", 0, "get", "pods", "old", "p", exact=day + dt.timedelta(days=1))
    ev("day-2023-over", 0, "get", "pods", "old", "p", exact=day + dt.timedelta(days=1, microseconds=1))
    ev("day-2023-admin", 0, "create", "pods", "old", "p", exact=day + dt.timedelta(hours=3), code=201, categories=["kube-audit-admin"])
    day = dt.datetime(2025, 1, 1)
    ev("day-2025-before", 0, "get", "pods", "old", "p", exact=day - dt.timedelta(microseconds=1))
    ev("day-2025", 0, "create", "pods", "old", "p", exact=day + dt.timedelta(hours=7), code=201)
    ev("day-2025-second", 0, "list", "pods", "old", "", exact=day + dt.timedelta(hours=9))
    hour = dt.datetime(2026, 1, 1)
    ev("hour-2026", 0, "create", "pods", "old", "p", exact=hour, code=201, cluster=MINE)
    ev("hour-2026-last", 0, "list", "pods", "old", "", exact=hour + dt.timedelta(minutes=59, seconds=59), code=299, cluster=MINE)
    ev("hour-2026-over", 0, "list", "pods", "old", "", exact=hour + dt.timedelta(hours=1), cluster=MINE)
    ev("hour-2026-before", 0, "list", "pods", "old", "", exact=hour - dt.timedelta(seconds=1), cluster=MINE)
    ev("hour-2026-started", 0, "list", "pods", "old", "", exact=hour + dt.timedelta(minutes=10), stage="ResponseStarted", cluster=MINE)
    ev("hour-2026-moved", 0, "list", "pods", "old", "", exact=hour + dt.timedelta(minutes=11), code=300, cluster=MINE)
    ev("hour-2026-information", 0, "list", "pods", "old", "", exact=hour + dt.timedelta(minutes=11, seconds=5), code=99, cluster=MINE)
    ev("hour-2026-other-cluster", 0, "list", "pods", "old", "", exact=hour + dt.timedelta(minutes=12))
    ev("hour-2026-no-code", 0, "watch", "pods", "old", "", exact=hour + dt.timedelta(minutes=13), code=None, cluster=MINE)
    ev("exception-2026", 0, "create", "policyexceptions", "policy", "let-me", group="kyverno.io", exact=hour + dt.timedelta(hours=5), code=201)
    ev("exception-2026-read", 0, "get", "policyexceptions", "policy", "let-me", group="kyverno.io", exact=hour + dt.timedelta(hours=5, minutes=1))
    ev("exception-2026-late", 0, "create", "policyexceptions", "policy", "let-me", group="kyverno.io", exact=hour + dt.timedelta(days=1, seconds=1), code=201)
    ev("exceptions-2026-other", 0, "create", "policies", "policy", "policyexceptions", group="kyverno.io", exact=hour + dt.timedelta(hours=6), code=201)
    ev("responder-2026", 0, "delete", "pods", "old", "p", exact=hour + dt.timedelta(hours=7), user="x <Responder UPN> y")
    ev("responder-2026-joined", 0, "delete", "pods", "old", "p", exact=hour + dt.timedelta(hours=8), user="<responder UPNs>")
    ev("recon-early", 0, "list", "secrets", "", "", user=SA + "lab:recon-v2-sa", exact=dt.datetime(2026, 6, 4, 14, 48))
    ev("recon-first", 0, "create", "secrets", "lab", "s", user=SA + "lab:Recon-V2-SA", exact=dt.datetime(2026, 6, 4, 14, 48, 0, 1), code=201)


def background(rng):
    # Of Python's generator only random() is promised to stay the same.
    pick = lambda list: list[int(rng.random() * len(list))]

    users = [(KCM, "kube-controller-manager/v1.33.1"), ("system:kube-scheduler", "kube-scheduler/v1.33.1"), (NODE, "kubelet/v1.33.1"), (SA + "kube-system:coredns", "coredns/1.12"),
             (SA + "shop:web", "client-go/v0.33"), (ALICE, "kubectl/v1.33.1 (linux/amd64)"), ("aksService", "aks-service")]
    for i in range(40):
        user, ua = pick(users)
        verb = pick(["get", "list", "watch", "update", "patch", "create"])
        resource, group = pick([("leases", "coordination.k8s.io"), ("pods", ""), ("nodes", ""), ("configmaps", ""), ("endpointslices", "discovery.k8s.io"), ("deployments", "apps")])
        ns = "" if resource == "nodes" else pick(["kube-system", "shop"])
        ev("background-%d" % i, 66 + int(rng.random() * 1494 * 60) / 60, verb, resource, ns, pick(["a", "b", "c"]), group=group, user=user, ua=ua, took=1 + int(rng.random() * 90), ips=["10.0.0.%d" % (1 + int(rng.random() * 30))],
           code=pick([200, 200, 200, 404, 409]), cluster=pick([C, C, C, MINE]))
    for i in range(14):  # many clients, one request each more than the one before
        for j in range(i // 3 + 1):
            ev("client-%d-%d" % (i, j), 58 + (i * 5 + j) / 60, "get", "pods", "shop", "web-%d" % i, user="user-%02d@contoso.example" % i, ua="agent-%02d/1.0" % i, ips=["203.0.113.%d" % (100 + i)])
    ev("short-cluster", 75, "create", "pods", "shop", "s", code=201, cluster=SHORT, categories=["kube-audit-admin"])


def text_lines():
    api = "kube-apiserver"
    line(api, 5, 'I0615 11:55:00.000000       1 trace.go:236] Trace[1]: "List" url:/api/v1/pods')
    line(api, 6, "E0615 11:54:00.000000       1 dispatcher.go:214] Failed calling webhook, failing closed policy.example: timeout")
    line(api, 7, "W0615 11:53:00.000000       1 dispatcher.go:214] Failed calling webhook, failing open policy.example: timeout")
    line(api, 8, '{"level":"error","ts":"2026-06-15T11:52:00Z","msg":"failed calling webhook, FAILING CLOSED"}')
    line(api, 61, "E0615 10:59:00.000000       1 dispatcher.go:214] Failed calling webhook, failing closed policy.example: timeout")
    line(api, 62, "error: 401 Unauthorized from webhook")
    line(api, 63, "I0615 Error is not at the beginning")
    line(api, 9, "E0615 11:51:00.000000       1 other cluster, failing closed", cluster=MINE)
    line(api, 9.5, "E0615 11:50:30.000000       1 please find <SearchValue> here")
    line(api, 60 * 25, "E0614 11:00:00.000000       1 status.go:71] apiserver received an error that is not an metav1.Status: yesterday")
    line("kube-controller-manager", 9, "E0615 11:51:00.000000       1 Failed calling webhook, failing closed")
    line("kube-controller-manager", 70, 'I0615 10:50:00.000000       1 {"level":"info"} cluster-autoscaler is elsewhere; nothing failed')
    line("cluster-autoscaler", 12, "I0615 11:48:00.000000       1 static_autoscaler.go:300] Starting main loop")
    line("cluster-autoscaler", 13, "W0615 11:47:00.000000       1 clusterstate.go:435] Failed to find readiness information for np1")
    line("cloud-controller-manager", 14, "I0615 11:46:00.000000       1 nothing of note")
    guard = ["I0615 login of alice@contoso.example allowed", "E0615 token is expired", "E0615 Token INVALID: signature", "W0615 tokens are fine", "E0615 failed to get groups: 403 Forbidden", "I0615 http 4031 is no status",
             "E0615 unauthorized: no oid", "I0615 invalid request, no credential", "E0615 error in CheckAccess call", "I0615 user is UNAUTHORIZED in scope"]
    for i in range(26):
        line("guard", 20 + i * 13, "%s #%d" % (guard[i % len(guard)], i), pod="guard-7c9")
    line("guard", 2, "E0615 11:58:00 token request failed: error 401", pod="guard-7c9")
    line("guard", 3, "I0615 11:57:00 all is well", pod="guard-7c9")
    line("guard", 5.5, "E0615 11:54:30 error long ago", pod="guard-7c9")
    line("guard", 60 * 25, "I0614 11:00:00 a day ago token expired", pod="guard-7c9")
    line("kube-scheduler", 2, "E0615 11:58:00 error in no guard, token invalid 403")
    line("kube-scheduler", 3, "I0615 login of alice@contoso.example allowed")
    hub, member, here = "fleet-hub-agent", "fleet-member-agent", "YOUR-RESOURCE-ID"
    files = {hub: ["v1beta1/member_controller.go:99] joined", "clusterresourceplacement/controller.go:42] placed", "scheduler/scheduler.go:7] bound", "framework/framework.go:1] scored", "updaterun/execution.go:9] stage done", "workgenerator/controller.go:5] work made", "v1beta1_member_controller.go: not the file"],
             member: ["v1beta1/member_controller.go:11] heartbeat", "workapplier/apply.go:3] applied", "work-applier/apply.go: not the file"],
             "fleet-hub-net-controller-manager": ["endpointsliceexport/controller.go:8] exported", "endpointslice-export/controller.go: not the file"],
             "fleet-member-net-controller-manager": ["endpointslice/controller.go:1]", "endpointsliceimport/controller.go:2]", "serviceexport/controller.go:3]", "serviceimport/controller.go:4]", "service/controller.go: not the file"],
             "fleet-mcs-controller-manager": ["multiclusterservice/controller.go:6] reconciled", "multiclusterservices controller: not the file"]}
    n = 0
    for category, texts in files.items():
        for t in texts:
            for where in (here, FLEET):
                n += 1
                line(category, 30 + n, "I0615 11:00:00.000000       1 " + t, cluster=where)
    line(member, 90, "I0615 10:30:00.000000       1 workgenerator/ scheduler/ clusterresourceplacement/ updaterun/ endpointsliceexport/ multiclusterservice/ serviceexport/ in the member's log", cluster=here)
    line(hub, 91, "I0615 10:29:00.000000       1 workapplier/ endpointsliceexport/ endpointslice/ serviceimport/ multiclusterservice/ in the hub's log", cluster=here)
    line("fleet-mcs-controller-manager", 92, "I0615 10:28:00.000000       1 v1beta1/member_controller.go in the log of services", cluster=here)


def envelope(category, when, log, cluster, podname, n):
    """One diagnostic record. The time has nine decimals, of which tables keep seven."""
    time = when.strftime("%Y-%m-%dT%H:%M:%S.%f") + "%03dZ" % (n % 97)
    properties = {"pod": podname, "containerID": "c0ffee%06d" % n, "log": log, "stream": "stderr" if category == "kube-apiserver" else "stdout"}
    if cluster == MINE:  # the older form
        return {"Cloud": "AzureCloud", "Environment": "prod", "UnderlayClass": "hcp-underlay", "UnderlayName": "hcp-underlay-weu-cx-1", "category": category, "ccpNamespace": "5f1e", "operationName": OPERATION,
                "properties": {"log": log, "pod": podname, "node": "n7"}, "resourceId": cluster, "time": time}
    r = {"category": category, "operationName": OPERATION, "properties": properties, "resourceId": cluster, "serviceBuild": "na", "time": time}
    if cluster == "YOUR-RESOURCE-ID":
        del r["resourceId"]
    return r


def go_json(value):
    """Text as kube-apiserver writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)


def main(root):
    rng = random.Random(SEED)
    for make in (execs, pods, bindings, secrets, others, masters, dates):
        make()
    background(rng)
    text_lines()
    activity.fill(activities, NOW)
    shutil.rmtree(root, ignore_errors=True)
    out, n = {}, 0
    for e, when, moved, categories, cluster, cut, twice in events:
        text = go_json(e)
        text = text[:cut] if cut else text + ("\n" if len(text) % 3 else "")
        for i, category in enumerate(categories):
            n += 1
            later = dt.timedelta(seconds=i if moved % 2 else 0, microseconds=3 * moved)  # one category may deliver later
            for again in (0, 0, 30) if twice else (0,):  # the same record again, and the same event by a later record
                r = envelope(category, when + later + dt.timedelta(seconds=again), text, cluster, "kube-apiserver-%s" % ("6d5b7c9f4-abcde" if cluster == C else "78f9d-zzzzz"), n)
                out.setdefault((category, cluster), []).append(r)
    for category, when, text, cluster, podname in lines:
        n += 1
        out.setdefault((category, cluster), []).append(envelope(category, when + dt.timedelta(microseconds=5 * n), text, cluster, podname, n))
    for (category, cluster), records in sorted(out.items()):
        rows = [json.dumps(r, separators=(",", ":"), ensure_ascii=False) for r in records]
        if cluster == "YOUR-RESOURCE-ID":
            write(os.path.join(root, "unnamed", category + ".json"), "\n".join(rows) + "\n")
            continue
        path = os.path.join(root, "account", "insights-logs-" + category, "resourceId=" + cluster, "y=2026", "m=06", "d=15", "h=12", "m=00", "PT1H.json")
        text = '{"records":[\n' + ",\n".join(rows) + "\n]}\n" if cluster == MINE else "\n".join(rows) + "\n"
        write(path, text)
    rows = [json.dumps(r, separators=(",", ":")) for r in activities]
    write(os.path.join(root, "activity", "insights-activity-logs", "resourceId=", "SUBSCRIPTIONS", "S", "y=2026", "m=06", "d=15", "h=12", "m=00", "PT1H.json"), "\n".join(rows) + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "testdata", "world"))
