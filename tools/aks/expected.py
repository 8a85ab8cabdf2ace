"""Works out, from the raw log of the world alone, what each query over AKS tables
must give, and which events it only just leaves out.

    python3 expected.py          writes testdata/expected.json.gz and testdata/near.json
    python3 expected.py --check  fails where they are not what the world gives
    python3 expected.py --show ID…   prints answers

expected.json.gz: rows, each there once; queries by id with their columns, the numbers of
their rows, what order is asked for, and, where `take` leaves open which rows are
taken, the rows to take from. near.json: for each query the events that miss it by one
condition, proved here: without the event the answer is the same, with that condition
gone it is not, and then the event has its part in it. The answer without the
condition stands beside it. Where no event can change the answer, stated.py says what
is so of one, and holds it against the log.
"""
import gzip
import json
import os
import sys

import answers_lists  # noqa: F401 (each fills the book)
import answers_counts  # noqa: F401
import answers_attacks  # noqa: F401
import answers_tables  # noqa: F401
import answers_joins  # noqa: F401
from book import On, book
from stated import stated
from wanted import wanted
from tables import Document, Set, Some, World, columns, parse, spelled

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "testdata")
LONG = 60  # cells longer than this are written once


class Paper:
    """Writes each long cell and each row once."""

    def __init__(self):
        self.texts, self.rows, self.known, self.documents = [], [], {}, {}

    def read(self, world):
        """Events are written as the text they were parsed from."""
        for r in world.diagnostics:
            if isinstance(parse(r["log_s"]), dict):
                self.documents[id(parse(r["log_s"]))] = r["log_s"]

    def once(self, into, value):
        key = (id(into), json.dumps(value, ensure_ascii=False))
        if key not in self.known:
            self.known[key] = len(into)
            into.append(value)
        return self.known[key]

    def cell(self, kind, v):
        if isinstance(v, Document):
            return {"§document": [self.cell("", x) for x in v.values]}
        if isinstance(v, Some):
            return {"§any": [self.cell(kind, x) for x in v.values]}
        if isinstance(v, Set):
            values = [self.cell("", x) for x in v.values]
            return {"§set": values} if v.most is None else {"§most": [v.most] + values}
        if kind == "datetime" and v is not None:
            return spelled(v)
        if id(v) in self.documents:
            return {"§json": self.once(self.texts, self.documents[id(v)])}
        if len(json.dumps(v, ensure_ascii=False)) > LONG:
            return {"§text": self.once(self.texts, v)}
        return v

    def row(self, spec, row):
        assert len(spec) == len(row), (spec, row)
        return self.once(self.rows, [self.cell(kind, v) for (_, kind), v in zip(spec, row)])

    def answer(self, q, world, drop=None):
        spec = columns(q.spec)
        rows, left, open_rows = outcome(q, world, drop)
        out = {"rows": [self.row(spec, r) for r in rows]}
        if open_rows:
            out["take"], out["from"] = left, [self.row(spec, r) for r in open_rows]
        return out


def outcome(q, world, drop=None):
    """The rows that are certain, and where `take` leaves it open, how many more it
    takes of which."""
    rows = q.answer(world, On(drop))
    if q.most is None or len(rows) <= q.most:
        return rows, 0, []
    keys = [[c for c, _ in columns(q.spec)].index(o) for o in q.order or []]
    last = [rows[q.most - 1][k] for k in keys]
    sure = [r for r in rows[: q.most] if keys and [r[k] for k in keys] != last]
    return sure, q.most - len(sure), [r for r in rows if [r[k] for k in keys] == last]


class Near:
    """The events that a query leaves out by one condition."""

    def __init__(self, q, world):
        self.q, self.world, self.is_ = q, world, outcome(q, world)

    def proved(self, k, event):
        """Without the event the answer is the same; with condition k gone it is another,
        in which the event has its part."""
        without, more = self.world.without({event}), outcome(self.q, self.world, k)
        return outcome(self.q, without) == self.is_ != more != outcome(self.q, without, k)

    def find(self, k, ids):
        """The first event in the order given that only condition k keeps out."""
        more = outcome(self.q, self.world, k)
        if more == self.is_:
            return None

        def search(ids):
            if outcome(self.q, self.world.without(set(ids)), k) == more:
                return None
            if len(ids) == 1:
                return ids[0] if self.proved(k, ids[0]) else None
            half = len(ids) // 2
            return search(ids[:half]) or search(ids[half:])

        return search(ids)

    def list(self, ids):
        on, out = On(), []
        self.q.answer(self.world, on)
        for k, name in sorted(on.names.items()):
            named = [event for at, event in wanted(self.q.id) if at == k]
            out += [(k, name, event) for event in named or [self.find(k, ids)] if event is not None]
        return out


def main(args):
    world = World(os.path.join(HERE, "world"))
    if args[:1] == ["--show"]:
        for id in args[1:]:
            q = book.queries[id]
            print(id, columns(q.spec))
            for r in q.answer(world, On()):
                print("  ", [v.values if isinstance(v, (Some, Set)) else v for v in r])
        return 0
    check = args[:1] == ["--check"]
    kept = json.load(open(os.path.join(HERE, "near.json"), encoding="utf-8")) if check else []
    paper = Paper()
    paper.read(world)
    ids = world.ids()
    queries, table = {}, []
    for id, q in sorted(book.queries.items()):
        queries[id] = dict({"columns": columns(q.spec), "order": q.order}, **paper.answer(q, world))
        near = Near(q, world)
        found = [(t["condition"], t["misses"], t["event"]) for t in kept if t["query"] == id and "condition" in t] if check else near.list(ids)
        for k, name, event in found:
            if not near.proved(k, event):
                sys.exit("%s: %s is no near miss of condition %d" % (id, event, k))
            table.append(dict({"query": id, "condition": k, "misses": name, "event": event}, **paper.answer(q, world, k)))
        if not found:
            statement, event = stated(id, world)
            table.append({"query": id, "statement": statement, "event": event})
    whole = {"now": "2026-06-15T12:00:00Z", "texts": paper.texts, "rows": paper.rows, "queries": queries}
    ok = 0
    for name, parts in (("expected.json.gz", whole), ("near.json", table)):
        path = os.path.join(HERE, name)
        out, packed = written(parts), name.endswith(".gz")
        if not check:
            with open(path, "wb") as f:
                f.write(gzip.compress(out, mtime=0) if packed else out)
        elif (gzip.decompress if packed else bytes)(open(path, "rb").read()) != out:
            print("%s is not what the world gives: run expected.py" % path)
            ok = 1
    rows = sum(1 for q in queries.values() if q["rows"] or q.get("from"))
    print("%d queries, %d of them with rows, %d near misses" % (len(queries), rows, sum("event" in t for t in table)))
    return ok


def written(v):
    """JSON with one entry of a list or member of the whole on a line."""
    dump = lambda x: json.dumps(x, ensure_ascii=False, separators=(",", ":"))
    listed = lambda x: "[\n" + ",\n".join(dump(e) for e in x) + "\n]" if isinstance(x, list) else "{\n" + ",\n".join(dump(k) + ":" + dump(e) for k, e in x.items()) + "\n}" if isinstance(x, dict) else dump(x)
    if isinstance(v, list):
        return (listed(v) + "\n").encode()
    return ("{\n" + ",\n".join(dump(k) + ":" + listed(e) for k, e in v.items()) + "\n}\n").encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
