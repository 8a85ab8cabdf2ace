"""Near misses that change no row of the answer, because it is one row or nothing is left
out. Each is an event and an independent statement about it, held here against the raw
log; it gives the event."""
from tables import *
from wanted import event_id


def again(world):
    """It was delivered three times in a category and is one row of it."""
    id = event_id("delivered-twice")
    rows = [r for r in world.diagnostics if r["#"] == id]
    assert len(rows) == 2 == len({r["Category"] for r in rows}) and world.deliveries[id] == 6
    return id


def other_category(world):
    """aks-009: it is of a cluster that logs to kube-audit-admin only: without the
    condition on Category one cluster more would be counted before that becomes yes."""
    id = event_id("short-cluster")
    clusters = lambda rows: {r["ResourceId"] for r in rows}
    mine = [r for r in world.diagnostics if r["#"] == id]
    assert len(mine) == 1 and mine[0]["Category"] == "kube-audit-admin" and not clusters(mine) & clusters(world.ad("kube-audit"))
    return id


def later_category(world):
    """aks-112: it is later than all of guard's: without the condition on Category it
    would be the last record received."""
    newest = max(world.diagnostics, key=lambda r: r["TimeGenerated"])
    assert newest["Category"] != "guard" and newest["TimeGenerated"] > max(r["TimeGenerated"] for r in world.ad("guard"))
    return newest["#"]


def right_event_wrong_column(world):
    """aks-088: its level and code are those asked for, in log_s; the query reads
    AdditionalFields, and a group that no lower-cased name can be."""
    id = event_id("crb-conflict")
    r = next(r for r in world.ad("kube-audit") if r["#"] == id)
    e = parse(r["log_s"])
    assert eq(at(e, "level"), "RequestResponse") and ge(at(e, "responseStatus", "code"), 400) and at(r["AdditionalFields"], "log") is None and "XXXXX" != "XXXXX".lower()
    return id


STATED = {"aks-009": other_category, "aks-084": again, "aks-088": right_event_wrong_column, "aks-091": again, "aks-112": later_category, "own-04-unlike-categories": again}


def stated(query, world):
    f = STATED[query]
    return " ".join(f.__doc__.split()), f(world)
