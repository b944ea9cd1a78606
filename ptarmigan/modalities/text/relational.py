"""A recurrent network whose memory attends to itself: Santoro et al. 2018, arXiv 1806.01822.

A memory M of several slots meets each input x by attention over both, and is gated as an LSTM's is:

    M̃ = MLP(softmax(M W_q ([M; x] W_k)ᵀ / √d) [M; x] W_v + M),    with layer norms (section 3.2)
    M ← σ(f) M + σ(i) tanh(M̃),    i, f = W x + U tanh(M) + b

The gates are those of the published code, and of RelGAN (Nie et al. 2019): of the input and to forget, none
of the output.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

REMEMBER = 1.0
"""What is added to the gate that forgets, so that little is forgotten at first."""

Memory = Float[Tensor, "batch slots size"]


class RelationalMemory(nn.Module):
    """Used as ``nn.LSTM(…, batch_first=True)`` is.

    Args:
        width: of the inputs.
        size: of a slot.
        slots: of the memory.
        heads: of the attention; they divide ``size``.

    Raises:
        ValueError: they do not.
    """

    def __init__(self, width: int, size: int, slots: int = 1, heads: int = 2) -> None:
        super().__init__()
        if size % heads:
            raise ValueError(f"{heads} heads do not divide a memory of {size}")
        self.slots, self.heads = slots, heads
        self.into = nn.Linear(width, size)
        self.queries, self.keys, self.values = (nn.Linear(size, size) for _ in range(3))
        self.attended, self.thought = nn.LayerNorm(size), nn.LayerNorm(size)
        self.mlp = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, size), nn.ReLU())
        self.of_input, self.of_memory = nn.Linear(size, 2 * size), nn.Linear(size, 2 * size, bias=False)
        first = torch.eye(slots, size)
        self.register_buffer("first", first, persistent=False)

    first: Tensor

    def forward(
        self, x: Float[Tensor, "batch length width"], memory: Memory | None = None
    ) -> tuple[Float[Tensor, "batch length state"], Memory]:
        """The memory after each input, all slots in a row, and the last one.

        Args:
            x: inputs.
            memory: before the first; of a unit vector a slot when None.
        """
        seen = self.into(x)
        now = self.first.to(seen).expand(len(x), -1, -1) if memory is None else memory
        found = []
        for t in range(x.shape[1]):
            now = self.step(seen[:, t : t + 1], now)
            found.append(now.flatten(1))
        return torch.stack(found, 1), now

    def step(self, x: Float[Tensor, "batch 1 size"], memory: Memory) -> Memory:
        """The memory after one more input."""
        both = torch.cat([memory, x], 1)
        heads = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part in (self.queries(memory), self.keys(both), self.values(both))
        )
        found = scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
        found = self.attended(memory + found)
        found = self.thought(found + self.mlp(found))
        enter, keep = (self.of_input(x) + self.of_memory(torch.tanh(memory))).chunk(2, 2)
        return torch.sigmoid(keep + REMEMBER) * memory + torch.sigmoid(enter) * torch.tanh(found)
