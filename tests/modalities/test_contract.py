"""Every modality keeps the contract, whoever wrote it."""

from __future__ import annotations

import pytest

from ptarmigan.contract.modalities import CLAUSES
from ptarmigan.modalities.registry import modality as modality_called
from ptarmigan.modalities.registry import names


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.__name__)
@pytest.mark.parametrize("name", names())
def test_the_contract(name, clause):
    clause(modality_called(name))
