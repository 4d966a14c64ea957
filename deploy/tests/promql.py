"""The metrics and the labels that expressions of PromQL speak of; as much of the language as alerts and dashboards take."""

import re

METRIC = re.compile(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)\b(?!\s*\()")
WORDS = {"by", "on", "and", "or", "unless", "bool", "offset", "without", "ignoring"}


def metrics(expression):
    """Each metric of an expression, with the labels that it is asked for by."""
    found = {}
    selectors = re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}", expression)
    for name, matchers in selectors:
        labels = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"", matchers)
        found.setdefault(name, set()).update(labels)
    rest = re.sub(r"\{[^}]*\}", " ", expression)
    rest = re.sub(r"\[[^\]]*\]", " ", rest)
    rest = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", rest)
    for name in METRIC.findall(rest):
        if name not in WORDS:
            found.setdefault(name, set())
    return found
