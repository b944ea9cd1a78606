"""Circuits drawn as text: a line a qubit, time from left to right."""

from __future__ import annotations

from ptarmigan.modalities.quantum.circuit import Circuit, Gate
from ptarmigan.modalities.quantum.gates import CONTROLLED, base

WIDE = 100
"""Characters in a line; what does not fit goes on below."""


def draw(circuit: Circuit, wide: int = WIDE) -> str:
    """A circuit as text.

    Args:
        circuit: its gates; those that share no wire stand in one column.
        wide: characters in a line.
    """
    names = [f"{i}: " for i in range(circuit.qubits)]
    margin = max(map(len, names), default=0)
    blocks, block, used = [], list[list[str]](), margin
    for column in columns(circuit):
        drawn = cells(column, circuit.qubits)
        if block and used + len(drawn[0]) > wide:
            blocks.append(block)
            block, used = [], margin
        block.append(drawn)
        used += len(drawn[0])
    blocks.append(block)
    return "\n\n".join(in_lines(each, names, margin) for each in blocks)


def columns(circuit: Circuit) -> list[list[Gate]]:
    """Gates that share no wire and cross none of each other's, as early as they can be."""
    free = [0] * circuit.qubits
    found: list[list[Gate]] = []
    for gate in circuit.gates:
        wires = slice(min(gate.qubits), max(gate.qubits) + 1)
        at = max(free[wires])
        if at == len(found):
            found.append([])
        found[at].append(gate)
        free[wires] = [at + 1] * len(free[wires])
    return found


def cells(column: list[Gate], qubits: int) -> list[str]:
    """A column, from top to bottom: the line of every qubit, and a space between each two, of one width."""
    rows = ["─" if row % 2 == 0 else " " for row in range(2 * qubits - 1)]
    for gate in column:
        for row in range(2 * min(gate.qubits), 2 * max(gate.qubits) + 1):
            rows[row] = "┼" if row % 2 == 0 else "│"
        rows[2 * gate.qubits[-1]] = label(gate)
        if gate.name in CONTROLLED:
            rows[2 * gate.qubits[0]] = "●"
    most = max(map(len, rows))
    return [text.center(most + 2, "─" if row % 2 == 0 else " ") for row, text in enumerate(rows)]


def label(gate: Gate) -> str:
    """What stands on the wire that a gate acts on."""
    name = base(gate.name)
    if gate.name == "cx":
        return "⊕"
    return f"[{name.upper()}]" if gate.angle is None else f"[{name.upper()} {gate.angle:.2f}]"


def in_lines(block: list[list[str]], names: list[str], margin: int) -> str:
    """Columns side by side, with the qubits' numbers before them."""
    lines = []
    for row in range(2 * len(names) - 1):
        before = names[row // 2] if row % 2 == 0 else ""
        lines.append((before.rjust(margin) + "".join(column[row] for column in block)).rstrip())
    return "\n".join(lines)
