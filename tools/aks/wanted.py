"""Near misses that the world was given on purpose, by the names world.py has for its
events: another verb, another case, a term that goes on, an element behind the first, a
field of another type or missing, a moment too late. expected.py proves each and adds,
where no event is named for a condition, the first it finds."""
import uuid

SPACE = uuid.UUID("6ba7b811-9dad-41d1-80b4-00c04fd430c8")


def event_id(name):
    return str(uuid.uuid5(SPACE, name))


# query: condition and event, in turn.
NAMED = {
    "aks-002": "0 pod-unauthorized",
    "aks-016": "8 exec-detector 7 attach 6 exec-upgrade-200 6 exec-forbidden 5 exec-websocket-get 4 exec-virtual-machine 2 exec-old 1 exec-other-cluster",
    "aks-017": "4 pod-hostpath-other-cluster 5 pod-hostpath-old",
    "aks-018": "7 crb-view 6 crb-conflict 5 crb-update 4 rb-admin 2 crb-admin-old 1 crb-admin-other-cluster",
    "aks-019": "6 event-delete-missing 5 event-deletecollection 4 pod-named-events 2 event-delete-old 1 event-delete-other-cluster",
    "aks-023": "0 day-2023-over 1 day-2023-admin",
    "aks-030": "1 nginx-misspelt",
    "aks-031": "1 nginx-misspelt 0 nginx-upper",
    "aks-036": "3 webhook-500-plural 2 webhook-503 0 webhook-500-old",
    "aks-041": "1 slow-agent-version 2 slow-agent-healthz 0 slow-agent-old",
    "aks-042": "2 slow-user-lower 3 slow-user-healthz 0 slow-user-old",
    "aks-044": "5 hour-2026-over 4 hour-2026-before 2 hour-2026-started 1 hour-2026-moved 0 hour-2026-information 3 hour-2026-other-cluster",
    "aks-052": "1 rb-started 2 rb-deleted 4 rb-failed 5 rb-by-kube-system 6 rb-by-node 7 rb-by-controller 0 rb-old",
    "aks-058": "4 sa-own-namespace 3 sa-cluster-scope 1 sa-other-namespace-watch 0 sa-other-namespace-old 2 user-other-namespace",
    "aks-064": "0 exec-websocket-get 1 create-named-exec 2 exec-by-system",
    "aks-066": "1 exec-kube-system-by-default",
    "aks-068": "4 pod-unprivileged 4 pod-privileged-text 5 pod-privileged-system 1 pod-privileged-old 2 pod-privileged-deleted 3 deployment-privileged",
    "aks-069": "5 pod-hostpath-harmless 6 pod-hostpath-system 2 pod-hostpath-read",
    "aks-070": "4 pod-hostnetwork-false 5 pod-hostnetwork-system 1 pod-hostnetwork-old",
    "aks-071": "5 secret-by-controller 6 secret-by-kube-system 4 secret-refused 1 secret-old 3 secret-deleted 2 secretproviderclass-read",
    "aks-075": "3 pod-not-suspicious 1 pod-suspicious-but-deleted 2 podtemplate-suspicious 0 pod-suspicious-long-ago",
    "aks-076": "1 pod-security-empty 1 pod-security-other 0 pod-security-old",
    "aks-077": "2 masterclient-lookalike 1 masterclient-other-cluster 0 cluster-admin-before",
    "aks-078": "1 responder-2026-joined 1 exceptions-2026-other 0 exception-2026-late",
    "aks-085": "2 cronjob-in-list 1 cronjob-updated",
    "aks-086": "1 masterclient-lookalike",
    "aks-087": "1 source-last 1 source-longer",
    "aks-089": "2 nmap-denied 1 nmap-other",
    "aks-090": "1 rb-started",
    "aks-094": "1 scheduler-1.23.1",
    "aks-096": "1 coredns-plural 2 coredns-updated",
    "aks-099": "3 create-named-exec 2 exec-websocket-get",
    "aks-102": "2 podgroup-forbidden 3 pod-unauthorized",
    "aks-104": "1 attach-kube-system-by-default 2 exec-shop-by-default 3 exec-kube-system-by-other",
    "aks-108": "0 recon-early 2 recon-v1",
    "aks-111": "0 guid-user-upper 0 guid-user-prefixed",
    "aks-115": "1 exec-websocket-get 2 create-named-exec",
    "aks-131": "1 code-on-top-399",
    "aks-132": "1 code-on-top-text 1 code-on-top-500",
    "aks-134": "1 anonymous-lookalike",
    "aks-135": "1 user-other-namespace",
    "aks-139": "1 configmap-upper",
    "aks-141": "2 pod-hostpath-read",
    "aks-142": "2 statefulset-status",
    "aks-148": "0 day-2025-before",
    "aks-150": "1 secretproviderclass-read",
    "aks-151": "2 attach 1 exec-virtual-machine",
    "join-01-pulled-and-used": "1 activity:pull-alice/start 2 masterclient-lookalike",
    "join-02-pulled-unused": "0 activity:pull-user-credential 1 activity:pull-carol-refused",
    "join-04-uses-a-pull": "1 activity:pull-carol-refused 2 masterclient-lookalike",
    "join-05-role-first-use": "1 activity:assign-failed",
    "join-06-run-command": "1 activity:run-accepted 2 attach",
    "join-07-deletes-in-both": "0 activity:run-alice",
    "join-10-hours": "1 activity:assign-failed",
    "own-01-masters": "1 aks-service",
    "own-03-cluster-admins-made": "2 crb-view 3 crb-conflict",
}


def wanted(query):
    words = NAMED.get(query, "").split()
    return [(int(k), event_id(name.replace("activity:", "activity "))) for k, name in zip(words[::2], words[1::2])]
