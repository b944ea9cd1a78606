"""Circuits: the state vector beside Kronecker products and Qiskit, gradients, OpenQASM 3 and drawings."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import Statevector

from ptarmigan.modalities.quantum.circuit import Circuit, Gate, efficient_su2, embedded_layers
from ptarmigan.modalities.quantum.drawing import draw
from ptarmigan.modalities.quantum.gates import CONTROLLED, FIXED, NAMES, has_angle, size
from ptarmigan.modalities.quantum.qasm import MOST_GATES, from_qasm, read_qasm, to_qasm
from ptarmigan.modalities.quantum.state import probabilities, simulate

EXACT = 1e-14


def some_circuit(qubits: int, gates: int, seed: int) -> Circuit:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(gates):
        name = str(rng.choice(NAMES))
        where = tuple(rng.permutation(qubits)[: size(name)].tolist())
        found.append(Gate(name, where, float(rng.uniform(-4, 4)) if has_angle(name) else None))
    return Circuit(qubits, tuple(found))


def matrix(gate: Gate) -> np.ndarray:
    """From the definitions: exp(−iθP/2) by its series."""
    name = CONTROLLED.get(gate.name, gate.name)
    if gate.angle is None:
        return np.array(FIXED[name])
    if name == "p":
        return np.diag([1, np.exp(1j * gate.angle)])
    from scipy.linalg import expm

    return expm(-0.5j * gate.angle * np.array(FIXED[name[1]]))


def by_kronecker(circuit: Circuit) -> np.ndarray:
    state = np.zeros(2**circuit.qubits, complex)
    state[0] = 1
    for gate in circuit.gates:
        *controls, target = gate.qubits
        projectors = [np.eye(2)] * circuit.qubits
        acting = list(projectors)
        acting[target] = matrix(gate) - np.eye(2)
        for control in controls:
            acting[control] = np.diag([0, 1])
        state = state + reduce(np.kron, acting) @ state
    return state


@pytest.mark.parametrize("seed", range(4))
def test_states_are_those_of_kronecker_products_and_of_qiskit(seed: int) -> None:
    circuit = some_circuit(4, 40, seed)
    state = simulate(circuit).numpy()
    np.testing.assert_allclose(state, by_kronecker(circuit), atol=EXACT)
    theirs = qasm3.loads(to_qasm(circuit))
    theirs.remove_final_measurements()
    np.testing.assert_allclose(state, Statevector(theirs.reverse_bits()).data, atol=EXACT)


def test_every_gate_is_that_of_qiskit() -> None:
    for name in NAMES:
        where = (1, 0)[: size(name)]
        gate = Gate(name, where, 0.7 if has_angle(name) else None)
        start = (Gate("ry", (0,), 0.4), Gate("rx", (1,), 1.1), Gate("cx", (0, 1)))
        circuit = Circuit(2, (*start, gate))
        theirs = QuantumCircuit(2)
        for each in circuit.gates:
            angles = [] if each.angle is None else [each.angle]
            getattr(theirs, each.name)(*angles, *each.qubits)
        state = Statevector(theirs.reverse_bits()).data
        np.testing.assert_allclose(simulate(circuit).numpy(), state, atol=EXACT, err_msg=name)


def test_a_batch_of_angles_is_each_on_its_own() -> None:
    circuit, angles = embedded_layers(3, 2), torch.randn(5, 9, dtype=torch.float64)
    together = simulate(circuit, angles)
    for row, state in zip(angles, together, strict=True):
        torch.testing.assert_close(simulate(circuit, row), state, atol=EXACT, rtol=0)
        torch.testing.assert_close(simulate(circuit.bind(row.tolist())), state, atol=EXACT, rtol=0)


def test_gradients_are_those_of_the_parameter_shift() -> None:
    circuit = efficient_su2(3, 2)
    angles = torch.randn(len(circuit.with_angles), dtype=torch.float64, requires_grad=True)
    weights = torch.randn(8, dtype=torch.float64)

    def value(at: torch.Tensor) -> torch.Tensor:
        return (probabilities(simulate(circuit, at)) @ weights).sum()

    (found,) = torch.autograd.grad(value(angles), angles)
    with torch.no_grad():
        shifts = torch.eye(len(angles), dtype=torch.float64) * math.pi / 2
        expected = [(value(angles + shift) - value(angles - shift)) / 2 for shift in shifts]
    torch.testing.assert_close(found, torch.stack(expected), atol=EXACT, rtol=0)


def test_the_ansatz_is_qiskits() -> None:
    from qiskit.circuit.library import efficient_su2 as theirs

    circuit = efficient_su2(4, 2)
    angles = np.random.default_rng(0).normal(size=len(circuit.with_angles))
    ansatz = theirs(4, ["ry", "rz"], "reverse_linear", 2).assign_parameters(angles)
    whole = QuantumCircuit(4)
    whole.h(range(4))
    whole.compose(ansatz, inplace=True)
    mine = simulate(circuit.bind(angles.tolist())).numpy()
    np.testing.assert_allclose(mine, Statevector(whole.reverse_bits()).data, atol=EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_openqasm_comes_back(seed: int) -> None:
    circuit = some_circuit(5, 30, seed)
    assert from_qasm(to_qasm(circuit)) == circuit


def test_what_others_write_is_read() -> None:
    theirs = QuantumCircuit(3, 2)
    theirs.h(0)
    theirs.crx(math.pi / 3, 0, 2)
    theirs.swap(1, 2)
    theirs.barrier()
    theirs.measure([0, 1], [0, 1])
    found = simulate(from_qasm(qasm3.dumps(theirs))).numpy()
    theirs.remove_final_measurements()
    np.testing.assert_allclose(found, Statevector(theirs.reverse_bits()).data, atol=EXACT)
    text = (
        "OPENQASM 3;/* two\nlines */ qubit[2] r; // a comment\nrx(-3*pi/4 + 1e-1) r[1];\nphase(τ/(8)) r[0];"
    )
    assert from_qasm(text).gates == (
        Gate("rx", (1,), -3 * math.pi / 4 + 0.1),
        Gate("p", (0,), math.tau / 8),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("h q[0];", "unknown register"),
        ("OPENQASM 3.0;", "declares no qubits"),
        ("qubit[2] q; qubit r;", "two registers"),
        ("qubit[900000] q;", "900,000 qubits"),
        ("qubit[2] q; for int i in [0:9] { h q[0]; }", "the statement"),
        ("qubit[2] q; cx q[0], q[0];", "cx on qubits"),
        ("qubit[2] q; h q[2];", "h on qubits"),
        ("qubit[2] q; frobnicate q[0];", "no gate"),
        ("qubit[2] q; rx q[0];", "no angle"),
        ("qubit[2] q; h(1) q[0];", "has an angle"),
        ("qubit[2] q; rx(__import__('os')) q[0];", "no angle"),
        ("qubit[2] q; rx(1/0) q[0];", "no angle"),
        ("qubit[2] q; rx(9**9**9) q[0];", "no angle"),
        ("qubit[2] q; rx(1e999) q[0];", "angle inf"),
        (f"qubit[2] q; rx({'1' * 99}!) q[0];", "no angle"),
        (f"qubit[2] q; rx({'(' * 90}1{')' * 90}) q[0];", "no angle"),
        (f"qubit[2] q; {'x' * 600};", "too long"),
        ("qubit[2] q; h q[0]", "no end"),
        ("qubit[1] q;" + "x q[0];" * (MOST_GATES + 1), "gates"),
        ("/*" * 100_000, "declares no qubits"),
        ("qubit[2] q; \x1b[2Jh q[0];", "x1b"),
    ],
)
def test_what_is_no_plain_circuit_is_refused_in_a_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as error:
        from_qasm(text)
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)
    assert len(str(error.value)) < 300


def test_a_file_that_is_no_text_is_refused(tmp_path) -> None:
    path = tmp_path / "noise.qasm"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="it is no text"):
        read_qasm(path)


def test_a_state_that_does_not_go_into_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="the state of 60 qubits would take"):
        simulate(Circuit(60, (Gate("h", (0,)),)))


def test_a_drawing_has_a_line_a_qubit_and_crosses_wires() -> None:
    circuit = Circuit(3, (Gate("h", (0,)), Gate("cx", (0, 2)), Gate("cry", (2, 1), 0.5)))
    lines = [
        "0: ─[H]──●─────────────",
        "         │",
        "1: ──────┼──[RY 0.50]─",
        "         │      │",
        "2: ──────⊕──────●─────",
    ]
    assert draw(circuit) == "\n".join([lines[0][:-1], *lines[1:]])
    wide = draw(efficient_su2(3, 4))
    assert max(map(len, wide.splitlines())) <= 100
    assert wide.count("[RY 0.00]") == 15
