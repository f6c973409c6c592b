"""protocol.py, unchanged, on uvloop: an event loop in C (libuv) in place of asyncio's own."""

import socket

import uvloop
from protocol import main


def serve(listener: socket.socket) -> None:
    uvloop.run(main(listener))
