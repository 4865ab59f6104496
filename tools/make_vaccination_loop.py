"""Translates the loop over people in engine/immunisation/everyone into LLVM's language, once for everybody."""

from __future__ import annotations

import re
import sys
import types as python_types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from llvmlite import binding as llvm
from numba.core import config

from qamqor.engine.immunisation.everyone import loop, machine

PACKAGE = "qamqor.engine.immunisation.everyone."
TYPES = {
    "Cells": numba.types.CPointer(numba.int32),
    "Longs": numba.types.CPointer(numba.int64),
    "Bytes": numba.types.CPointer(numba.uint8),
    "int": numba.int64,
    "bool": numba.boolean,
    "None": numba.void,
}
made: dict[Callable[..., Any], Any] = {}


def translated(function: Callable[..., Any]) -> Any:
    """The function for numba, with one signature, that of its annotations; what it calls first."""
    if function not in made:
        seen = dict(function.__globals__)
        for name in function.__code__.co_names:
            called = seen.get(name)
            if isinstance(called, python_types.FunctionType):
                seen[name] = translated(called)
        copy = python_types.FunctionType(function.__code__, seen, function.__name__)
        names = dict(function.__annotations__)
        back = TYPES[names.pop("return")]
        made[function] = numba.njit(back(*map(TYPES.get, names.values())), error_model="numpy")(copy)
    return made[function]


def text() -> str:
    """The whole loop as one optimised module for any processor, with one door."""
    config.OPT = config._OptLevel(0)
    top = translated(loop.answer_block)
    (signature,) = top.signatures
    raw = top.inspect_llvm(signature)
    return raw


if __name__ == "__main__":
    import time
    t = time.process_time()
    raw = text()
    print(len(made), "functions", len(raw), time.process_time() - t)
    Path("/tmp/raw.ll").write_text(raw)
