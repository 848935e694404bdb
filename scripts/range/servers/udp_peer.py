"""The far end of calls and games.

CALL_PORTS..+99  sends back what arrives: the other party of an RTP call and of its RTCP
GAME_PORT        a game server: 30 snapshots a second to every player heard of in the last five seconds
"""
import asyncio
import os
import random

CALL_PORTS = range(16384, 16484)
GAME_PORT = 27015
TICK_S = 1 / 30


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Game(asyncio.DatagramProtocol):
    def __init__(self):
        self.players = {}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, _data, address):
        if len(self.players) < 500 or address in self.players:
            self.players[address] = asyncio.get_running_loop().time()

    async def tick(self):
        while True:
            await asyncio.sleep(TICK_S)
            now = asyncio.get_running_loop().time()
            self.players = {each: seen for each, seen in self.players.items() if now - seen < 5}
            for each in self.players:
                self.transport.sendto(os.urandom(random.randint(60, 60 + 40 * len(self.players))), each)


async def main(address):
    loop = asyncio.get_running_loop()
    for port in CALL_PORTS:
        await loop.create_datagram_endpoint(Echo, local_addr=(address, port))
    _, game = await loop.create_datagram_endpoint(Game, local_addr=(address, GAME_PORT))
    print('up', flush=True)
    await game.tick()


if __name__ == '__main__':
    import sys
    asyncio.run(main(sys.argv[1]))
