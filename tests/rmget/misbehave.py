#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""misbehave.py DIRECTORY PORT-FILE: an HTTP server on loopback that does wrong on purpose.

/MODE/FILE serves DIRECTORY/FILE as SIMPLE or the function mode_MODE says; /MODE.TAG/FILE is the
same with a count of requests of its own; /MODE-WORD/FILE tells the mode something. /MODE~N/FILE:
an answer to a request for the whole file stops after its first bytes until N requests for that path
have been answered, so that they see to something however slow the machine is.
/-/count/PATH answers how many requests came for /PATH; /-/release/PATH lets the answers of the mode
held go on. The port that it got goes into PORT-FILE.
"""
import base64
import fcntl
import functools
import gzip
import http.server
import os
import re
import socket
import struct
import sys
import termios
import threading
import time

ROOT, PORT_FILE = sys.argv[1], sys.argv[2]
LOCK = threading.Condition()  # what follows it has changed
COUNTS = {}  # requests, by path
ANSWERED = {}  # those of them whose answers are complete
RELEASED = set()  # paths
BUSY = {}  # requests that are being answered, by path
SESAME = "Basic " + base64.b64encode(b"user:sesame").decode()


@functools.lru_cache
def read_file(path):
    with open(path, "rb") as file:
        return file.read()


@functools.lru_cache(maxsize=8)
def packed(data):
    return gzip.compress(data, 1, mtime=0)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    # -- what the modes are made of --

    def read_range(self):
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not found:
            return None
        first, last = int(found[1]), int(found[2])
        return (first, min(last, len(self.body) - 1)) if first < len(self.body) else None

    def is_part(self):
        return "Range" in self.headers

    def head(self, status, length=None, etag='"first"', **more):
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if etag:
            self.send_header("ETag", etag)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def part(self, first, last, etag='"first"', total=None, claim=None):
        """The head of a 206; claim: the first byte that Content-Range says."""
        start = first if claim is None else claim
        span = f"bytes {start}-{start + last - first}/{total or len(self.body)}"
        self.head(206, last - first + 1, etag, Content_Range=span)

    def begin(self, etag='"first"'):
        """The head of what is asked for, a part or all: the first and the last byte of it."""
        wanted = self.read_range()
        if wanted:
            self.part(*wanted, etag)
            return wanted
        self.head(200, len(self.body), etag)
        return 0, len(self.body) - 1

    def wait_for(self, condition, seconds=None):
        with LOCK:
            LOCK.wait_for(condition, seconds)

    def send(self, data):
        """A body, or a part of one, as ~N says. Not for ever: N may be more than there is to do."""
        if self.others and not self.is_part():
            self.wfile.write(data[:4096])
            self.wait_for(lambda: ANSWERED.get(self.path, 0) >= self.others, 20)
            data = data[4096:]
        self.wfile.write(data)

    def wait_until_taken(self):
        """Until the client's system has all that was written."""
        while struct.unpack("i", fcntl.ioctl(self.connection, termios.TIOCOUTQ, bytes(4)))[0]:
            time.sleep(0.01)

    def chunk(self, data):
        for offset in range(0, len(data), 50000):
            piece = data[offset : offset + 50000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def whole(self, etag='"first"', **more):
        self.head(200, len(self.body), etag, **more)
        self.send(self.body)

    def empty(self, status, **more):
        self.head(status, 0, None, **more)

    def good(self, etag='"first"'):
        wanted = self.read_range()
        if not wanted:
            return self.whole(etag)
        self.part(*wanted, etag)
        self.send(self.body[wanted[0] : wanted[1] + 1])

    def cut(self, data):
        """The last of this connection."""
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = True

    def slowly(self, first, last, step, pause=0.02):
        for offset in range(first, last + 1, step):
            self.send(self.body[offset : min(offset + step, last + 1)])
            time.sleep(pause)

    def reset(self):
        self.wfile.flush()
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        os.close(self.connection.detach())
        self.wfile = open(os.devnull, "wb")
        self.rfile = open(os.devnull, "rb")

    def arg(self):
        """What follows the dash after the mode."""
        return re.split("[.~]", self.path.split("/", 2)[1].partition("-")[2])[0]

    def piece(self, first, last):
        self.send(self.body[first : last + 1])

    def half(self, first, last):
        return self.body[first : (first + last) // 2]

    # -- modes of more than one expression; count: which request for this path it is, from 1 --

    def mode_star(self, count):
        """A 206 that doesn't say how long the file is."""
        if not self.is_part():
            return self.whole()
        first, last = self.read_range()
        self.head(206, last - first + 1, Content_Range=f"bytes {first}-{last}/*")
        self.piece(first, last)

    def mode_size(self, count):
        """Another size after a while, with the same ETag."""
        wanted = self.read_range()
        if not wanted:
            return self.whole()
        self.part(*wanted, total=len(self.body) + (count > 4))
        self.piece(*wanted)

    def mode_wrong(self, count):
        """Sends another part than it was asked for, and says so."""
        if not self.is_part():
            return self.good()
        first, last = self.read_range()
        self.part(first, last, claim=first + 4096 if last + 4096 < len(self.body) else first - 1)
        self.piece(first, last)

    def mode_liar(self, count):
        """Content-Length says another length than Content-Range."""
        if not self.is_part():
            return self.good()
        first, last = self.read_range()
        self.head(206, last - first + 2, Content_Range=f"bytes {first}-{last}/{len(self.body)}")
        self.wfile.write(self.body[first : last + 1] + b"x")

    def mode_short(self, count):
        """Never sends what lies behind the middle."""
        first, last = self.begin()
        self.cut(self.body[first : min(last + 1, max(first, len(self.body) // 2))])

    def mode_cuts(self, count):
        """Ends every other answer in its middle."""
        wanted = self.begin()
        self.piece(*wanted) if count % 2 else self.cut(self.half(*wanted))

    def reset_half(self, first, last):
        self.wfile.write(self.half(first, last))
        self.reset()

    def mode_resets(self, count):
        """Resets some connections in the middle of an answer."""
        wanted = self.begin()
        self.reset_half(*wanted) if count in (1, 3, 5, 8) else self.piece(*wanted)

    def mode_whole_resets(self, count):
        """No ranges, and the first answer is cut."""
        self.head(200, len(self.body), Accept_Ranges="none")
        self.reset_half(0, len(self.body)) if count == 1 else self.wfile.write(self.body)

    def mode_two(self, count):
        """No more than two at once."""
        self.empty(503) if BUSY[self.path] > 2 else self.slowly(*self.begin(), 65536)

    def mode_unknown(self, count):
        """In chunks, without a length."""
        self.head(200, Transfer_Encoding="chunked")
        self.chunk(self.body)

    def mode_unknown_cut(self, count):
        if count != 1:
            return self.mode_unknown(count)
        self.head(200, Transfer_Encoding="chunked")
        self.cut(b"10000\r\n" + self.body[:5000])

    def mode_until_end(self, count):
        self.protocol_version = "HTTP/1.0"
        self.head(200)
        self.cut(self.body)

    def mode_slow_one(self, count):
        """One connection of many crawls: it would need minutes even for the last 64 KiB."""
        wanted = self.begin()
        self.slowly(*wanted, 100, 0.2) if count == 2 else self.piece(*wanted)

    def mode_hangs(self, count):
        """One connection stops in the middle and stays open."""
        wanted = self.begin()
        if count != 2:
            return self.piece(*wanted)
        self.wfile.write(self.half(*wanted))
        self.rfile.read(1)  # until the client closes it
        self.close_connection = True

    def mode_held(self, count):
        """Stops each answer in its middle until it is released."""
        first, last = self.begin()
        middle = (first + last) // 2
        self.piece(first, middle)
        self.wait_for(lambda: self.path in RELEASED)
        self.piece(middle + 1, last)

    def mode_begins_at_zero(self, count):
        if not self.is_part():
            return self.whole()
        self.part(0, len(self.body) - 1)
        self.wfile.write(self.body)

    def mode_runs_on(self, count):
        """Each part goes on to the end of the file, and says so."""
        wanted = self.read_range()
        if not wanted:
            return self.whole()
        self.part(wanted[0], len(self.body) - 1)
        self.wfile.write(self.body[wanted[0] :])

    def mode_less(self, count):
        """/less-BYTES: parts of so many bytes at most, and said so."""
        wanted = self.read_range()
        if not wanted:
            return self.whole()
        first, last = wanted[0], min(wanted[1], wanted[0] + int(self.arg()) - 1)
        self.part(first, last)
        self.piece(first, last)

    def described(self, data, wanted, length, **more):
        """data, as all or as the part that was wanted of that length."""
        if wanted:
            more["Content_Range"] = f"bytes {wanted[0]}-{wanted[1]}/{length}"
        self.head(206 if wanted else 200, len(data), **more)
        self.wfile.write(data)

    def mode_packs(self, count):
        """Packs the parts as it packs everything, although asked not to."""
        wanted = self.read_range()
        if wanted:
            data = packed(self.body[wanted[0] : wanted[1] + 1])
            return self.described(data, wanted, len(self.body), Content_Encoding="gzip")
        self.head(200, Content_Encoding="gzip", Transfer_Encoding="chunked")
        self.chunk(packed(self.body))

    def mode_packed(self, count):
        """What it has is packed, and the parts are of that."""
        self.body = packed(self.body)
        wanted = self.read_range()
        first, last = wanted or (0, len(self.body))
        self.described(self.body[first : last + 1], wanted, len(self.body), Content_Encoding="gzip")

    def mode_packed_endless(self, count):
        self.protocol_version = "HTTP/1.0"
        self.head(200, Content_Encoding="gzip")
        data = packed(self.body)
        self.cut(data[: len(data) // 2])

    def mode_identity(self, count):
        """Says what need not be said."""
        wanted = self.read_range()
        first, last = wanted or (0, len(self.body))
        self.described(self.body[first : last + 1], wanted, len(self.body),
                       Content_Encoding="identity")

    def mode_multipart(self, count):
        wanted = self.read_range()
        if not wanted:
            return self.whole()
        span = f"bytes {wanted[0]}-{wanted[1]}/{len(self.body)}"
        data = self.body[wanted[0] : wanted[1] + 1]
        data = b"--X\r\nContent-Range: %s\r\n\r\n%s\r\n--X--\r\n" % (span.encode(), data)
        self.described(data, wanted, len(self.body),
                       Content_Type="multipart/byteranges; boundary=X")

    def mode_whole_206(self, count):
        """Calls the whole file a part, also when no part was asked for."""
        wanted = self.read_range() or (0, len(self.body) - 1)
        self.part(*wanted)
        self.piece(*wanted)

    def mode_half_206(self, count):
        """A part that nobody asked for."""
        self.part(0, len(self.body) // 2)
        self.piece(0, len(self.body) // 2)

    def lengths(self, *lengths):
        """The whole body, after the head of other ones."""
        self.send_response(200)
        self.send_header("ETag", '"first"')
        for length in lengths:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.cut(self.body)

    def mode_too_long(self, count):
        """Says half of its length. The last byte of that comes together with the next."""
        middle = len(self.body) // 2
        self.head(200, middle)
        self.wfile.write(self.body[: middle - 1000])
        self.wait_until_taken()
        self.cut(self.body[middle - 1000 : middle + 1000])

    def chunked_with_length(self, length):
        self.head(200, length, Transfer_Encoding="chunked")
        self.chunk(self.body)

    def mode_stray(self, count):
        """An empty line after each body, which old servers send; and garbage between answers."""
        first, last = self.begin()
        self.wfile.write(self.body[first : last + 1] + b"\r\n")
        self.wfile.flush()
        if self.is_part():
            time.sleep(0.05)
            self.wfile.write(b"garbage\r\n" * 10)

    def changing(self, count, etag):
        """Another version with each request."""
        self.body = bytes(b ^ (count & 255) for b in self.body) if count > 1 else self.body
        self.good(etag)

    def has_cookie(self):
        return "seen=1" in self.headers.get("Cookie", "")

    def go_to(self, where, **more):
        self.empty(302, Location=where, **more)

    def mode_no_secret(self, count):
        """Each secret that comes here is counted as a request for /leaked."""
        if "Authorization" in self.headers:
            with LOCK:
                COUNTS["/leaked"] = COUNTS.get("/leaked", 0) + 1
        self.good()

    SIMPLE = {
        "good": lambda to, count: to.good(),
        "status": lambda to, count: to.empty(int(to.arg())),
        # Any request for a part is answered by that; a link that is good for so many requests.
        "deny": lambda to, count: to.empty(int(to.arg())) if to.is_part() else to.whole(),
        "uses": lambda to, count: to.empty(410) if count > int(to.arg()) else to.good(),
        # Says that it can do ranges, and can't; ranges at first, then no more; any is too much.
        "whole": lambda to, count: to.whole(Accept_Ranges="bytes"),
        "stops": lambda to, count: to.good() if count <= 4 else to.whole(),
        "no416": lambda to, count: to.empty(416) if to.is_part() else to.whole(),
        # Another file after a while, and If-Range ignored; or obeyed; or too short for the part.
        "etag": lambda to, count: to.good('"first"' if count <= 4 else '"second"'),
        "if_range": lambda to, count: to.good() if count <= 4 else to.whole('"second"'),
        "shrinks": lambda to, count: (to.empty(416, Content_Range="bytes */1")
                                      if to.is_part() and count > 4 else to.good()),
        # Come back in a second, to the request for the file and to one for a part; or tomorrow.
        "busy": lambda to, count: to.empty(503, Retry_After="1") if count in (1, 3) else to.good(),
        "never": lambda to, count: to.empty(429, Retry_After="86400"),
        "gone": lambda to, count: to.good() if count <= 4 else to.empty(404),
        "redirect": lambda to, count: to.go_to(f"/good/{to.name}"),
        "loop": lambda to, count: to.go_to(to.path),
        "ftp": lambda to, count: to.go_to(f"ftp://127.0.0.1/{to.name}"),
        # Redirects to a place that is good for five requests.
        "expires": lambda to, count: to.go_to(f"/signed.{os.getpid()}-{count}/{to.name}"),
        "signed": lambda to, count: to.good() if count <= 5 else to.empty(403),
        "garbage": lambda to, count: to.cut(b"220 welcome to something else\r\n\r\n"),
        # Only for those who say the word; an answer that means no good to terminals.
        "header": lambda to, count: (to.good() if to.headers.get("X-Word") == "open"
                                     else to.empty(403)),
        "teapot": lambda to, count: to.go_to("http://127.0.0.1:1/\x1b]0;owned\x07"),
        "packs_parts": lambda to, count: to.mode_packs(count) if to.is_part() else to.whole(),
        "packed_strangely": lambda to, count: to.described(to.body, None, 0,
                                                           Content_Encoding="rot13"),
        "packed_twice": lambda to, count: to.described(packed(packed(to.body)), None, 0,
                                                       Content_Encoding="gzip, gzip"),
        "length": lambda to, count: to.lengths(to.arg()),
        "two_lengths": lambda to, count: to.lengths(len(to.body) // 2, len(to.body)),
        "same_length_twice": lambda to, count: to.lengths(len(to.body), len(to.body)),
        "too_long_chunked": lambda to, count: to.chunked_with_length(len(to.body) // 2),
        "too_short_chunked": lambda to, count: to.chunked_with_length(len(to.body) * 2),
        # Neither ETag nor date; a weak one, which says nothing about bytes; several servers.
        "nothing_known": lambda to, count: to.changing(count, None),
        "weak": lambda to, count: to.changing(count, 'W/"first"'),
        "backends": lambda to, count: to.good(f'"backend {count % 2}"'),
        "backends_later": lambda to, count: to.good('"first"' if count <= 12
                                                    else f'"backend {count % 2}"'),
        # Sets a cookie with a redirect to itself, and wants it back; or elsewhere.
        "cookie": lambda to, count: (to.good() if to.has_cookie()
                                     else to.go_to(to.path, Set_Cookie="seen=1; Path=/")),
        "cookie_before": lambda to, count: to.go_to(f"/cookie_needed/{to.name}",
                                                    Set_Cookie="seen=1; Path=/"),
        "cookie_needed": lambda to, count: to.good() if to.has_cookie() else to.empty(403),
        "password": lambda to, count: (to.good() if to.headers.get("Authorization") == SESAME
                                       else to.empty(401)),
        "to_password": lambda to, count: to.go_to(f"http://user:sesame@127.0.0.1:1/{to.name}"),
        # To what goes by another name.
        "elsewhere": lambda to, count: to.go_to(
            f"http://localhost:{to.server.server_address[1]}/no_secret/{to.name}"),
    }

    # -- --

    def answer_about(self, what, path):
        with LOCK:
            if what == "release":
                RELEASED.add(path)
                LOCK.notify_all()
            answer = str(COUNTS.get(path, 0)).encode()
        self.head(200, len(answer), None)
        self.wfile.write(answer)

    def do_GET(self):
        if self.path.startswith("/-/"):
            what, path = self.path[3:].split("/", 1)
            return self.answer_about(what, "/" + path)
        _, mode, self.name = self.path.split("/", 2)
        self.body = read_file(os.path.join(ROOT, os.path.basename(self.name)))
        with LOCK:
            COUNTS[self.path] = count = COUNTS.get(self.path, 0) + 1
            BUSY[self.path] = BUSY.get(self.path, 0) + 1
        try:
            mode, _, others = mode.partition("~")
            self.others = int(others or 0)
            mode = re.split("[.-]", mode)[0]
            simple = self.SIMPLE.get(mode)
            simple(self, count) if simple else getattr(self, "mode_" + mode)(count)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with LOCK:
                BUSY[self.path] -= 1
                ANSWERED[self.path] = ANSWERED.get(self.path, 0) + 1
                LOCK.notify_all()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Handler)
with open(PORT_FILE + ".new", "w") as port_file:
    port_file.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
