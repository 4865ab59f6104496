"""Translates the loop over people into LLVM's language, once for every computer."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numba
from llvmlite import binding as llvm
from numba.core import config as numba_config

from qamqor.engine.immunisation.everyone import loop

DOOR = loop.answer_block.__name__
POINTER_TO: Any = numba.types.CPointer
TYPES: dict[str, Any] = {
    "Cells": POINTER_TO(numba.int32),
    "Longs": POINTER_TO(numba.int64),
    "Bytes": POINTER_TO(numba.uint8),
    "int": numba.int64,
    "bool": numba.boolean,
    "None": numba.void,
}


def translate() -> bytes:
    """The loop and all it calls as one optimised module with one door.

    Each function has the one signature its annotations say: numbers of 64 bits. Left to guess,
    numba makes one for each mix of widths, four times as many. And it optimises each function
    with all it calls, over and over; here that is done once, at the end.
    """
    config: Any = numba_config
    level, config.OPT = config.OPT, config.OPT.__class__(0)
    try:
        top = _Translation().of(loop.answer_block)
        (signature,) = top.signatures
        text = top.inspect_llvm(signature)
    finally:
        config.OPT = level
    return _optimised(text)


class _Translation:
    """Functions already translated, by the Python they were."""

    def __init__(self) -> None:
        self.made: dict[Callable[..., Any], Any] = {}

    def of(self, function: Callable[..., Any]) -> Any:
        """A function for numba, with what it calls translated first."""
        if function not in self.made:
            seen = dict(function.__globals__)
            for name in function.__code__.co_names:
                called = seen.get(name)
                if isinstance(called, FunctionType):
                    seen[name] = self.of(called)
            copy = FunctionType(function.__code__, seen, function.__name__)
            taken = dict(function.__annotations__)
            back = TYPES[taken.pop("return")]
            signature = back(*(TYPES[kind] for kind in taken.values()))
            self.made[function] = numba.njit(signature, error_model="numpy")(copy)
        return self.made[function]


def _optimised(text: str) -> bytes:
    """What is not reached from the door goes; no loop is worth unrolling, all are short."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    mangled = f"{len(DOOR)}{DOOR}B"
    (door,) = (f for f in module.functions if f.name.startswith("_ZN6qamqor") and mangled in f.name)
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration:
            value.linkage = "internal"
    door.name, door.linkage = DOOR, "external"
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    machine = llvm.Target.from_default_triple().create_target_machine(opt=3)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    made: bytes = module.as_bitcode()
    return made
