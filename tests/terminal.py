#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""terminal.py [--slowly] COLUMNS PROGRAM ARGUMENT...: runs the program on a terminal that wide.

What it writes there is printed, a line for each that it draws; then a line "status N".
--slowly: it is stopped for 150 ms after each 10, up to a hundred times, so that even what takes no
time is seen on its way.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

RUNS, STOPS = 0.01, 0.15

stops_left = 0
if sys.argv[1] == "--slowly":
    stops_left = 100
    del sys.argv[1]
child, terminal = pty.fork()
if child == 0:
    size = struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0)
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execv(sys.argv[2], sys.argv[2:])
text = b""
while True:
    while stops_left > 0 and not select.select([terminal], [], [], RUNS)[0]:
        stops_left -= 1
        os.kill(child, signal.SIGSTOP)
        time.sleep(STOPS)
        os.kill(child, signal.SIGCONT)
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    text += piece
_, status = os.waitpid(child, 0)
status = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
sys.stdout.write(text.decode("utf-8", "replace").replace("\r", "\n"))
print(f"status {status}")
