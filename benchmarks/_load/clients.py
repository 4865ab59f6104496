"""Many connections in one process of their own, each sending its next request when answered.

It takes part of the same two cores as the server, so that figures are lower than between two
machines; ratios between runs hold, since every run pays the same.

    python -m benchmarks._load.clients PORT SECONDS CONNECTIONS  < requests, one JSON a line
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any


async def connection(port: int, requests: list[bytes], first: int, until: float) -> Any:
    """Send requests one after another on one connection; gives times and statuses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**26)
    times: list[float] = []
    statuses: dict[str, int] = {}
    number = first
    while time.perf_counter() < until:
        sent = time.perf_counter()
        writer.write(requests[number % len(requests)])
        number += 1
        head = await reader.readuntil(b"\r\n\r\n")
        _, named, rest = head.lower().partition(b"content-length:")
        if named:
            await reader.readexactly(int(rest.split(b"\r\n")[0]))
        times.append(time.perf_counter() - sent)
        status = head[9:12].decode()
        statuses[status] = statuses.get(status, 0) + 1
    writer.close()
    return times, statuses


async def load(port: int, seconds: float, connections: int, requests: list[bytes]) -> Any:
    until = time.perf_counter() + seconds
    stride = max(1, len(requests) // connections)
    return await asyncio.gather(
        *(connection(port, requests, n * stride, until) for n in range(connections))
    )


def main() -> None:
    port, seconds, connections = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    requests = [json.loads(line).encode() for line in sys.stdin]
    began = time.perf_counter()
    answers = asyncio.run(load(port, seconds, connections, requests))
    took = time.perf_counter() - began
    times = sorted(t for each, _ in answers for t in each)
    statuses: dict[str, int] = {}
    for _, counted in answers:
        for status, count in counted.items():
            statuses[status] = statuses.get(status, 0) + count
    told = {
        "per_second": len(times) / took,
        "p50_ms": 1000 * times[len(times) // 2],
        "p99_ms": 1000 * times[int(len(times) * 0.99)],
        "statuses": statuses,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
