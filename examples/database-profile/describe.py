"""Says in words what was counted. Needs nothing but Python's standard library; weft_tasks comes with the worker."""

import json
import os
from itertools import groupby

from weft_tasks import TaskError, task

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules.json")


def finding(column, rules):
    """What is wrong with a column, or None."""
    rows, filled, kinds = column["rows"], column["filled"], column["kinds"]
    if rows == 0:
        return None
    if filled == 0:
        return "is empty in all rows"
    if filled < rows * rules["filledAtLeast"]:
        return "is empty in %d of %d rows" % (rows - filled, rows)
    if kinds == 1 and rows >= rules["rowsForKinds"]:
        return "has the same value in all rows"
    return None


@task
def describe(columns, day, ctx):
    if not columns:
        raise TaskError("the schema has no columns, or the user may not read them", code="nothing_to_profile", retryable=False)
    with open(RULES) as file:
        rules = json.load(file)
    documents, findings = [], []
    tables = [(name, list(group)) for name, group in groupby(columns, lambda column: column["table"])]
    for number, (table, group) in enumerate(tables):
        said = ["The table %s has %d rows and %d columns." % (table, group[0]["rows"], len(group))]
        for column in group:
            wrong = finding(column, rules)
            if wrong:
                findings.append({"table": table, "column": column["column"], "finding": wrong})
            what = wrong or "has %d different values" % column["kinds"]
            said.append("The column %s of %s (%s) %s." % (column["column"], table, column["type"], what))
        documents.append({"id": table, "title": "Table %s" % table, "text": " ".join(said), "metadata": {"day": day}})
        ctx.progress({"done": number + 1, "of": len(tables)})
    lines = ["%s,%s,%d,%d\n" % (c["table"], c["column"], c["rows"], c["rows"] - c["filled"]) for c in columns]
    return {"documents": documents, "findings": findings, "findings_count": len(findings), "csv": "".join(lines)}
