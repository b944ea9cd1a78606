"""OpenQASM 3 (Cross et al. 2022, arXiv 2104.14722), out and in: gates on one register, and measurements.

Files may come from anybody: sizes are checked before anything is made of them, and angles are arithmetic of
numbers and π, which is parsed and not run. Loops, definitions and classical control are refused.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Iterator
from pathlib import Path

from ptarmigan.core.text import printable
from ptarmigan.media.foreign import read_bytes
from ptarmigan.modalities.quantum.circuit import Circuit, Gate

MOST_BYTES, MOST_GATES, MOST_QUBITS = 1 << 20, 20_000, 64
"""Of a file, and in a circuit."""
STATEMENT, LONGEST = 500, 100
"""Characters of a statement, and of an angle in it."""
HEADER = re.compile(r"OPENQASM 3(\.\d+)?|include \"stdgates\.inc\"|bit(\[\d+\])? \w+|barrier\b.*")
REGISTER = re.compile(r"qubit(?:\[(\d{1,6})\])? (\w+)|qreg (\w+)\[(\d{1,6})\]")
MEASUREMENT = re.compile(r"\w+(\[\d+\])? ?= ?measure .*|measure .*")
GATE = re.compile(r"([a-z]\w*) ?(?:\((.*)\))? ?(\w+ ?\[\d{1,6}\](?: ?, ?\w+ ?\[\d{1,6}\])*)")
PLACE = re.compile(r"(\w+) ?\[(\d+)\]")
ARITHMETIC = re.compile(r"(?:\d[\d.]*+(?:[eE][+-]?\d+)?+|pi|π|tau|τ|euler|[-+*/() ])*+")
CONSTANTS = {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e}
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def to_qasm(circuit: Circuit) -> str:
    """A circuit with its measurement as OpenQASM 3; ``q[0]`` is the most significant bit."""
    n = circuit.qubits
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{n}] q;", f"bit[{n}] c;"]
    for gate in circuit.gates:
        angle = "" if gate.angle is None else f"({gate.angle!r})"
        lines.append(f"{gate.name}{angle} {', '.join(f'q[{i}]' for i in gate.qubits)};")
    return "\n".join([*lines, "c = measure q;", ""])


def read_qasm(path: Path) -> Circuit:
    """The circuit in a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no circuit that is read here; the message names the statement.
    """
    try:
        return from_qasm(read_bytes(path, MOST_BYTES).decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no OpenQASM 3: it is no text") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def from_qasm(text: str) -> Circuit:
    """The circuit that a text of OpenQASM 3 says.

    Raises:
        ValueError: a statement is not understood, or there are too many; the message names it.
    """
    name, qubits, gates = "", 0, list[Gate]()
    for statement in statements(text):
        if HEADER.fullmatch(statement) or (name and MEASUREMENT.fullmatch(statement)):
            continue
        if declared := REGISTER.fullmatch(statement):
            if name:
                raise ValueError("it has two registers of qubits: circuits of one are read")
            name, qubits = declared[2] or declared[3], int(declared[1] or declared[4] or 1)
            if not 1 <= qubits <= MOST_QUBITS:
                raise ValueError(f"it has {qubits:,} qubits: circuits of 1 to {MOST_QUBITS} are read")
            continue
        gates += gates_in(statement, name)
        if len(gates) > MOST_GATES:
            raise ValueError(f"it has more than {MOST_GATES:,} gates")
    if not name:
        raise ValueError("it declares no qubits")
    return Circuit(qubits, tuple(gates))


def statements(text: str) -> Iterator[str]:
    """Statements without comments, each with single spaces."""
    *whole, rest = re.sub(r"//[^\n]*", " ", without_blocks(text)).split(";")
    if rest.strip():
        raise ValueError(f"the statement {shown(rest)} has no end")
    for each in whole:
        if len(found := " ".join(each.split())) > STATEMENT:
            raise ValueError(f"the statement {shown(found)} is too long")
        if found:
            yield found


def without_blocks(text: str) -> str:
    """A text without what stands between ``/*`` and ``*/``."""
    first, *rest = text.split("/*")
    return first + "".join(f" {part.partition('*/')[2]}" for part in rest)


def gates_in(statement: str, register: str) -> tuple[Gate, ...]:
    """The gate of a statement; a swap is three."""
    found = GATE.fullmatch(statement)
    if not found:
        raise ValueError(f"the statement {shown(statement)} is not understood: plain gates are")
    places = PLACE.findall(found[3])
    if any(name != register for name, _ in places):
        raise ValueError(f"the statement {shown(statement)} names an unknown register")
    qubits = tuple(int(number) for _, number in places)
    if found[1] == "swap" and len(qubits) == 2 and found[2] is None:
        return tuple(Gate("cx", pair) for pair in (qubits, qubits[::-1], qubits))
    return (Gate("p" if found[1] == "phase" else found[1], qubits, angle_in(found[2])),)


def angle_in(text: str | None) -> float | None:
    """The number that an expression of an angle comes to.

    Raises:
        ValueError: it is none.
    """
    if text is None:
        return None
    try:
        if len(text) > LONGEST or not ARITHMETIC.fullmatch(text):
            raise ValueError
        value = number(ast.parse(text.strip(), mode="eval").body)
    except (ValueError, SyntaxError, ArithmeticError, RecursionError, MemoryError):
        raise ValueError(f"{shown(text)} is no angle: a number, pi, and + − * / of them are") from None
    return value


def number(tree: ast.expr) -> float:
    """The value of a tree of numbers, constants and + − * /."""
    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value)
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -number(inner)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            return float(OPERATORS[type(sign)](number(left), number(right)))
    raise ValueError


def shown(text: str) -> str:
    """What people see of a foreign text."""
    text = " ".join(text.split())
    return printable(repr(text if len(text) <= 60 else f"{text[:57]}..."))
