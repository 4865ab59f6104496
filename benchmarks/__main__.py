"""Run every benchmark, or the named ones: python -m benchmarks [NAME …]."""

import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> None:
    """Run each benchmark module's ``run``, in alphabetical order."""
    every = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name[0] != "_")
    for name in names or every:
        print(f"\n## {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").run()


if __name__ == "__main__":
    main(sys.argv[1:])
