"""The compiled loop as machine code of the computer it runs on."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

HERE: Final = Path(__file__).parent
TRANSLATED: Final = HERE / "loop.bc"
PARTS: Final = (
    *("antigen", "choose", "dates", "judge", "layout", "loop", "merge", "next_dose", "skip"),
    "translate",
)
# The door's arguments: two the translator adds (room for an answer, for an error), then pointers,
# then numbers.
ADDED: Final = 2
POINTERS: Final = 23
NUMBERS: Final = 2


def source_mark() -> bytes:
    """What the loop is translated from, as 16 letters; another text, another mark."""
    texts = ((HERE / f"{name}.py").read_bytes() for name in PARTS)
    return hashlib.sha256(b"".join(texts)).hexdigest()[:16].encode()


def translated_loop() -> bytes:
    """The loop in LLVM's language, for any processor: as it came, else made once and kept.

    Making it takes numba and some seconds. `make setup` does that, and a wheel holds what it made.
    """
    mark = source_mark()
    kept = TRANSLATED.read_bytes() if TRANSLATED.exists() else b""
    if kept.startswith(mark):
        return kept[len(mark) :]
    from qamqor.engine.immunisation.everyone.translate import translate

    made = translate()
    _keep(mark + made)
    return made


def _keep(made: bytes) -> None:
    with suppress(OSError), NamedTemporaryFile(dir=HERE, delete=False) as part:
        part.write(made)
        Path(part.name).chmod(0o644)
        Path(part.name).replace(TRANSLATED)


@cache
def answer_block() -> Callable[..., None]:
    """The loop as a function of addresses and two numbers; while it runs it holds no lock.

    Taking the addresses of arrays of the right type and length is up to the caller.
    """
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_bitcode(translated_loop())
    target = llvm.Target.from_default_triple()
    module.triple = target.triple
    processor = target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2
    )
    module.data_layout = str(processor.target_data)
    engine = llvm.create_mcjit_compiler(module, processor)
    engine.finalize_object()
    pointers, numbers = [ctypes.c_void_p] * (ADDED + POINTERS), [ctypes.c_int64] * NUMBERS
    kind: Any = ctypes.CFUNCTYPE(ctypes.c_int32, *pointers, *numbers)
    function = kind(engine.get_function_address(answer_block.__name__))

    def call(*given: int, code: object = engine) -> None:
        unused = ctypes.c_void_p()
        function(ctypes.addressof(unused), None, *given)

    return call
