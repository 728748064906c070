"""Writes syntax trees back as SPL text, so that parsing the text gives the same tree again.

Used to check the parser against every shipped search, and to show what the engine understood.
"""
from __future__ import annotations

import math
import re

from .expressions import (
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Field,
    Literal,
    Logic,
    Membership,
    Not,
    Sign,
)
from .pipeline import Pipeline
from .searchexpr import (
    EVERYTHING,
    AllOf,
    AnyOf,
    FieldComparison,
    FieldIn,
    NotNode,
    SearchExpression,
    SearchNode,
    Term,
)
from .stream import Aggregation, Assignment
from .tokens import escape

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN_ARGUMENT = re.compile(r"""[^\s,()\[\]"=|<>!\\`']+""")
_EXPLICIT = re.compile(r"search(?![A-Za-z0-9_=])", re.I)
_KEYWORDS = ("and", "or", "not", "xor", "like", "in")
_TIME_NAMES = {"earliest": "earliest", "latest": "latest",
               "index_earliest": "_index_earliest", "index_latest": "_index_latest"}
# How tightly each kind of node binds; see expressions.
_XOR, _OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _SIGN, _PRIMARY = range(1, 10)
_LOGIC = {"XOR": _XOR, "OR": _OR, "AND": _AND}


def print_expression(node: Expression) -> str:
    """Write an eval expression, with parentheses only where they are needed."""
    return _expression(node, _XOR)


def _expression(node: Expression, least: int) -> str:
    level, written = _form(node)
    return written if level >= least else f"({written})"


def _form(node: Expression) -> tuple[int, str]:
    if isinstance(node, Literal):
        return _PRIMARY, escape(node.value) if isinstance(node.value, str) else _number(node.value)
    if isinstance(node, Field):
        return _PRIMARY, field_name(node.name)
    if isinstance(node, Call):
        return _PRIMARY, f"{node.name}({_list(node.arguments)})"
    if isinstance(node, Sign):
        return _SIGN, node.operator + _expression(node.operand, _SIGN)
    if isinstance(node, Arithmetic):
        level = _ADD if node.operator in "+-." else _MULTIPLY
        left, right = _expression(node.left, level), _expression(node.right, level + 1)
        if level == _ADD and isinstance(node.left, Arithmetic) and _mixed(node, node.left):
            left = f"({left})"
        return level, f"{left} {node.operator} {right}"
    if isinstance(node, Comparison):
        left, right = _expression(node.left, _ADD), _expression(node.right, _ADD)
        return _COMPARE, f"{left} {node.operator} {right}"
    if isinstance(node, Membership):
        return _COMPARE, f"{_expression(node.operand, _ADD)} IN ({_list(node.items)})"
    if isinstance(node, Not):
        return _NOT, f"NOT {_expression(node.operand, _NOT)}"
    return _logic(node)


def _mixed(node: Arithmetic, left: Arithmetic) -> bool:
    """Tell whether . stands beside + or -, which the parser refuses without parentheses."""
    return left.operator in "+-." and (node.operator == ".") != (left.operator == ".")


def _logic(node: Logic) -> tuple[int, str]:
    level = _LOGIC[node.operator]
    return level, f" {node.operator} ".join(_expression(operand, level + 1) for operand in node.operands)


def _list(nodes: tuple[Expression, ...]) -> str:
    return ", ".join(print_expression(node) for node in nodes)


def _number(value: float) -> str:
    return "1e999" if math.isinf(value) else repr(value)


def field_name(name: str) -> str:
    """Write a field name for an expression: plain if possible, else in single quotes."""
    if _PLAIN.fullmatch(name) and name.lower() not in _KEYWORDS:
        return name
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _argument(name: str) -> str:
    """Write a name for a command's argument."""
    return name if _PLAIN_ARGUMENT.fullmatch(name) else escape(name)


def print_assignment(assignment: Assignment) -> str:
    target = assignment.target
    if not assignment.templates and not re.fullmatch(r"[A-Za-z0-9_.]+", target):
        target = "'" + target.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return f"{target} = {print_expression(assignment.expression)}"


def print_aggregation(aggregation: Aggregation) -> str:
    """Write a statistic as it stands in stats."""
    name = aggregation.function
    if aggregation.parameter is not None:
        name += f"{aggregation.parameter:g}"
    if aggregation.expression is not None:
        name += f"(eval({print_expression(aggregation.expression)}))"
    elif aggregation.field is not None:
        name += f"({_argument(aggregation.field)})"
    return name if aggregation.alias is None else f"{name} AS {_argument(aggregation.alias)}"


def print_search(expression: SearchExpression) -> str:
    """Write a search expression; its time modifiers come first."""
    parts = [f"{_TIME_NAMES[name]}={escape(modifier.text)}" for name, modifier in expression.times.items()]
    if isinstance(expression.root, AllOf) and expression.root.parts:
        parts += [_search(part) for part in expression.root.parts]
    elif expression.root != EVERYTHING:
        parts.append(_search(expression.root))
    return " ".join(parts)


def _search(node: SearchNode) -> str:
    """Write a node so that it can stand beside others."""
    if isinstance(node, Term):
        return _term(node)
    if isinstance(node, FieldComparison):
        value = f'CASE("{node.value}")' if node.case_sensitive else escape(node.value)
        return f"{_name(node.field)}{node.operator}{value}"
    if isinstance(node, FieldIn):
        return f"{_name(node.field)} IN ({', '.join(escape(value) for value in node.values)})"
    if isinstance(node, NotNode):
        return f"NOT {_search(node.operand)}"
    if isinstance(node, (AllOf, AnyOf)):
        joined = (" OR " if isinstance(node, AnyOf) else " ").join(_search(part) for part in node.parts)
        return f"({joined})"
    return f"[{node.subsearch.text}]"


def _term(node: Term) -> str:
    if node.kind == "phrase":
        return escape(node.text)
    if node.kind in ("TERM", "CASE"):
        return f'{node.kind}("{node.text}")'
    written = escape(node.text)[1:-1]
    # A bare "in" before a parenthesis would read as the operator.
    return f"({written})" if written.lower() == "in" else written


def _name(name: str) -> str:
    return name if _PLAIN_ARGUMENT.fullmatch(name) and name not in ("AND", "OR", "NOT") else escape(name)


def print_pipeline(pipeline: Pipeline) -> str:
    """Write a search with one command a line."""
    lines = []
    for index, stage in enumerate(pipeline.stages):
        implicit = index == 0 and stage.name == "search" and not _EXPLICIT.match(stage.text)
        lines.append(stage.text if implicit else f"| {stage.text}")
    return "\n".join(lines)
