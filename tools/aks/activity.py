"""The Activity Log part of the world: who pulled credentials, assigned roles,
ran commands and deleted, in the form Azure exports to a storage account."""
import datetime as dt
import uuid

SPACE = uuid.UUID("6ba7b811-9dad-41d1-80b4-00c04fd430c8")
C = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C"
MINE = "/SUBSCRIPTIONS/0B1F6471-1BF0-4DDA-AEC3-111122223333/RESOURCEGROUPS/Rg-Two/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/MYCLUSTER"
UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
ALICE, BOB, CAROL = "alice@contoso.example", "bob@contoso.example", "carol@contoso.example"
OPS = "7f0a4c1e-58d2-4f7b-9a63-2b1c0d9e8f77"
AKS = "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/"
PULL, USER, RUN = AKS + "LISTCLUSTERADMINCREDENTIAL/ACTION", AKS + "LISTCLUSTERUSERCREDENTIAL/ACTION", AKS + "RUNCOMMAND/ACTION"
ASSIGN = "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE"


def fill(out, now):
    def rec(name, minutes, operation, who, ip, *, resource=C, result="Success", signature="Succeeded.", category="Administrative", body=None, level="Information", app=False):
        claims = {"aud": "https://management.azure.com/", OID: str(uuid.uuid5(SPACE, "oid " + who)) if not app else who}
        if app:
            claims["appid"] = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
        else:
            claims[UPN] = who
        when = now - dt.timedelta(minutes=minutes)
        if operation == ASSIGN:
            resource += "/PROVIDERS/MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/" + str(uuid.uuid5(SPACE, "assignment " + name)).upper()
        n = len(out)
        out.append({
            "time": when.strftime("%Y-%m-%dT%H:%M:%S.%f") + "%dZ" % (n % 10), "resourceId": resource, "operationName": operation, "category": category,
            "resultType": result, "resultSignature": signature, "durationMs": "0", "callerIpAddress": ip, "correlationId": str(uuid.uuid5(SPACE, "correlation " + name.split("/")[0])),
            "identity": {"authorization": {"scope": resource.lower(), "action": operation.lower(), "evidence": {"role": "Owner"}}, "claims": claims}, "level": level,
            "properties": dict({"eventCategory": category, "eventDataId": str(uuid.uuid5(SPACE, "activity " + name)), "entity": resource.lower()}, **(body or {})),
        })

    # Who pulled the admin credential. alice before the shared account was used, from its address; bob too late; carol in vain.
    rec("pull-alice/start", 84.02, PULL, ALICE, "198.51.100.9", result="Start", signature="Started.")
    rec("pull-alice", 84, PULL, ALICE, "198.51.100.9")
    rec("pull-alice-early", 151, PULL, ALICE, "198.51.100.9")
    rec("pull-bob-late", 60, PULL, BOB, "198.51.100.20")
    rec("pull-carol-refused", 83, PULL, CAROL, "192.0.2.80", result="Failure", signature="Failed.Forbidden", level="Error")
    rec("pull-app", 95.5, PULL, OPS, "203.0.113.200", resource=MINE, app=True)
    rec("pull-lower-case", 240, PULL.lower(), BOB, "198.51.100.20", resource=C.lower())
    rec("pull-user-credential", 82, USER, BOB, "198.51.100.20")
    # Role assignments, and the first use behind them.
    rec("assign-bob", 34.5, ASSIGN, ALICE, "203.0.113.7", body={"principalName": BOB})
    rec("assign-bob-again", 15.5, ASSIGN, ALICE, "203.0.113.7", body={"principalName": BOB})
    rec("assign-guid", 760, ASSIGN, ALICE, "203.0.113.7", body={"principalName": OPS})
    rec("assign-carol", 400, ASSIGN, ALICE, "203.0.113.7", body={"principalName": CAROL})
    rec("assign-failed", 620.5, ASSIGN, BOB, "198.51.100.20", result="Failure", signature="Failed.Forbidden", body={"principalName": BOB})
    # Run command, deletes, settings.
    rec("run-alice", 21, RUN, ALICE, "203.0.113.7")
    rec("run-bob", 500, RUN, BOB, "198.51.100.20")
    rec("run-accepted", 21.5, RUN, ALICE, "203.0.113.7", result="Accept", signature="Accepted.")
    rec("delete-pool", 333.5, AKS + "AGENTPOOLS/DELETE", ALICE, "203.0.113.7", resource=C + "/AGENTPOOLS/NP2")
    rec("delete-pool-other-cluster", 108, AKS + "AGENTPOOLS/DELETE", BOB, "198.51.100.20", resource=MINE + "/AGENTPOOLS/NP1")
    rec("cluster-write", 410, AKS + "WRITE", BOB, "198.51.100.20")
    rec("rotate", 1500, AKS + "ROTATECLUSTERCERTIFICATES/ACTION", ALICE, "203.0.113.7")
    rec("policy-audit", 411, "MICROSOFT.AUTHORIZATION/POLICIES/AUDIT/ACTION", OPS, "", category="Policy", app=True, level="Warning")
    rec("other-provider", 412, "MICROSOFT.KEYVAULT/VAULTS/WRITE", CAROL, "192.0.2.80", resource="/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/KV")
