"""A connect scanner as people write it with asyncio: many connections at once, or few with pauses."""
import asyncio
import random
import sys


async def main() -> None:
    targets, ports, width, low_ms, high_ms, seed = sys.argv[1:7]
    chance = random.Random(int(seed))
    probes = [(host, int(port)) for host in targets.split(",") for port in ports.split(",")]
    chance.shuffle(probes)
    room = asyncio.Semaphore(int(width))
    counts = {"open": 0, "closed": 0, "silent": 0}

    async def probe(host: str, port: int) -> None:
        async with room:
            await asyncio.sleep(chance.uniform(int(low_ms), int(high_ms)) / 1000)
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 1.5)
                counts["open"] += 1
                writer.close()
            except asyncio.TimeoutError:
                counts["silent"] += 1
            except OSError:
                counts["closed"] += 1

    await asyncio.gather(*(probe(host, port) for host, port in probes))
    print("probed", len(probes), counts)


asyncio.run(main())
