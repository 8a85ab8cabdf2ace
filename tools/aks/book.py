"""The list of answers: each query has one function, found by its id, which works out
its rows from a World. The function asks on(k, name, value) for each condition of the
query; k counts the conditions in the order of the query's text, over all its `where`
operators, where an operator's `a and b` are two. So the same function also tells what
the query would give if one condition were not there."""


class On:
    def __init__(self, drop=None):
        self.drop, self.names = drop, {}

    def __call__(self, k, name, value):
        self.names[k] = name
        return True if k == self.drop else bool(value)

    def ask(self, k, name, value):
        """As a call, where the value is dear: value is a function."""
        self.names[k] = name
        return True if k == self.drop else bool(value())


class Query:
    def __init__(self, id, spec, answer, order, most):
        self.id, self.spec, self.answer, self.order, self.most = id, spec, answer, order, most


class Book:
    """order: "exact" where the sort leaves no two rows equal, otherwise the sorted
    columns of the result. most: the query takes that many rows at most."""

    def __init__(self):
        self.queries = {}

    def query(self, id, spec, order=None, most=None):
        def add(f):
            assert id not in self.queries, id
            self.queries[id] = Query(id, spec, f, order, most)
            return f
        return add


book = Book()
query = book.query
