"""Evaluates the arithmetic that a figure carries as text.

"248 output tokens after the first / decode_seconds of the slowest rank; median of 10 repetitions = 10,736 token/s" is
248 / decode_seconds, a value a repetition. An operand is a number or the name of a series; the words after it say what
it is and are skipped. What cannot be read as arithmetic gives None, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from tpscale_analysis.point import FloatArray

Lookup = Callable[[str], "FloatArray | None"]
_NUMBER = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_RANK = {"+": 1, "-": 1, "/": 2, "x": 2}
_MAX_WORDS = 400


def evaluate(text: str, lookup: Lookup) -> FloatArray | None:
    """The value of the text before its first ';' and its last ' = '; of length 1 where it names no series."""
    clause = text.split(";", maxsplit=1)[0].rpartition(" = ")
    words = (clause[0] or clause[2]).split()
    if len(words) > _MAX_WORDS:
        return None
    try:
        return _value(_tokens(words, lookup))
    except (ValueError, IndexError, ArithmeticError):
        return None


def stated(text: str) -> float | None:
    """The number after the last ' = '."""
    _, equals, result = text.rpartition(" = ")
    match = _NUMBER.match(result) if equals else None
    return float(match[0].replace(",", "")) if match else None


def _tokens(words: list[str], lookup: Lookup) -> list[str | FloatArray]:
    """Operands, operators and parentheses. ValueError where an operand is neither number nor series."""
    tokens: list[str | FloatArray] = []
    depth = 0
    operand = True  # is what must come next
    for word in words:
        rest = word
        if not operand and rest in _RANK:
            tokens.append(rest)
            operand = True
            continue
        if operand:
            while rest.startswith("("):
                tokens.append("(")
                depth += 1
                rest = rest[1:]
            tokens.append(_operand(rest.rstrip("),"), lookup))
            operand = False
        elif "(" in rest:
            return _with_remark(tokens, depth)
        for _ in range(len(rest) - len(rest.rstrip(")"))):
            if depth:
                tokens.append(")")
                depth -= 1
    return tokens


def _with_remark(tokens: list[str | FloatArray], depth: int) -> list[str | FloatArray]:
    """A remark in parentheses ends what can be read, where nothing is open."""
    if depth:
        raise ValueError("a remark inside an expression")
    return tokens


def _operand(word: str, lookup: Lookup) -> FloatArray:
    if _NUMBER.fullmatch(word):
        return np.array([float(word.replace(",", ""))])
    series = lookup(word)
    if series is None:
        raise ValueError(f"{word} is neither a number nor a series")
    return series


def _value(tokens: list[str | FloatArray]) -> FloatArray | None:
    """By precedence (Dijkstra's shunting yard). None where there is no operator: a number is no arithmetic."""
    values: list[FloatArray] = []
    operators: list[str] = []
    if not any(isinstance(token, str) and token in _RANK for token in tokens):
        return None
    for token in tokens:
        if not isinstance(token, str):
            values.append(token)
        elif token == "(":
            operators.append(token)
        elif token == ")":
            while operators[-1] != "(":
                _apply(operators.pop(), values)
            operators.pop()
        else:
            while operators and _RANK.get(operators[-1], 0) >= _RANK[token]:
                _apply(operators.pop(), values)
            operators.append(token)
    while operators:
        _apply(operators.pop(), values)
    (result,) = values
    return result


def _apply(operator: str, values: list[FloatArray]) -> None:
    right, left = values.pop(), values.pop()
    with np.errstate(all="raise", under="ignore"):
        if operator == "+":
            values.append(left + right)
        elif operator == "-":
            values.append(left - right)
        elif operator == "/":
            values.append(left / right)
        else:
            values.append(left * right)
