#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""misbehave.py DIRECTORY PORT-FILE: an HTTP server on loopback that does wrong on purpose.

/MODE/FILE serves DIRECTORY/FILE as the function mode_MODE says; /MODE.TAG/FILE is the same with a
count of requests of its own; /MODE-WORD/FILE tells the mode something. /-/count/MODE[.TAG]/FILE
answers how many requests came for it. The port that it got goes into PORT-FILE.
"""
import base64
import functools
import gzip
import http.server
import os
import re
import socket
import struct
import sys
import threading
import time

ROOT, PORT_FILE = sys.argv[1], sys.argv[2]
LOCK = threading.Lock()
COUNTS = {}
BUSY = {}  # requests that are being answered, by path


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

    def chunk(self, data):
        for offset in range(0, len(data), 50000):
            piece = data[offset : offset + 50000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def whole(self, etag='"first"'):
        self.head(200, len(self.body), etag)
        self.wfile.write(self.body)

    def empty(self, status, **more):
        self.head(status, 0, None, **more)

    def good(self, etag='"first"'):
        wanted = self.read_range()
        if not wanted:
            return self.whole(etag)
        self.part(*wanted, etag)
        self.wfile.write(self.body[wanted[0] : wanted[1] + 1])

    def cut(self, data):
        """The last of this connection."""
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = True

    def slowly(self, first, last, step, pause=0.02):
        for offset in range(first, last + 1, step):
            self.wfile.write(self.body[offset : min(offset + step, last + 1)])
            time.sleep(pause)

    def reset(self):
        self.wfile.flush()
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        os.close(self.connection.detach())
        self.wfile = open(os.devnull, "wb")
        self.rfile = open(os.devnull, "rb")

    # -- the modes; count: which request for this path it is, from 1 --

    def mode_good(self, count):
        self.good()

    def mode_whole(self, count):
        """Says that it can do ranges, and can't."""
        self.head(200, len(self.body), Accept_Ranges="bytes")
        self.wfile.write(self.body)

    def mode_stops(self, count):
        """Ranges at first, then no more."""
        self.good() if count <= 4 else self.whole()

    def mode_star(self, count):
        """A 206 that doesn't say how long the file is."""
        if "Range" not in self.headers:
            return self.whole()
        first, last = self.read_range()
        self.head(206, last - first + 1, Content_Range=f"bytes {first}-{last}/*")
        self.wfile.write(self.body[first : last + 1])

    def mode_no416(self, count):
        """Any Range is too much for it."""
        self.empty(416) if "Range" in self.headers else self.whole()

    def mode_etag(self, count):
        """Another file after a while, and If-Range ignored."""
        self.good('"first"' if count <= 4 else '"second"')

    def mode_if_range(self, count):
        """Another file after a while, and If-Range obeyed."""
        self.good() if count <= 4 else self.whole('"second"')

    def mode_size(self, count):
        """Another size after a while, with the same ETag."""
        wanted = self.read_range()
        if not wanted:
            return self.whole()
        self.part(*wanted, total=len(self.body) + (count > 4))
        self.wfile.write(self.body[wanted[0] : wanted[1] + 1])

    def mode_shrinks(self, count):
        """Too short for what is asked, after a while."""
        if self.is_part() and count > 4:
            return self.empty(416, Content_Range="bytes */1")
        self.good()

    def mode_wrong(self, count):
        """Sends another part than it was asked for, and says so."""
        if not self.is_part():
            return self.good()
        first, last = self.read_range()
        self.part(first, last, claim=first + 4096 if last + 4096 < len(self.body) else first - 1)
        self.wfile.write(self.body[first : last + 1])

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
        first, last = self.begin()
        if count % 2:
            self.wfile.write(self.body[first : last + 1])
        else:
            self.cut(self.body[first : (first + last) // 2])

    def mode_resets(self, count):
        """Resets some connections in the middle of an answer."""
        first, last = self.begin()
        if count in (1, 3, 5, 8):
            self.wfile.write(self.body[first : (first + last) // 2])
            self.reset()
        else:
            self.wfile.write(self.body[first : last + 1])

    def mode_whole_resets(self, count):
        """No ranges, and the first answer is cut."""
        self.head(200, len(self.body), Accept_Ranges="none")
        if count == 1:
            self.wfile.write(self.body[: len(self.body) // 2])
            self.reset()
        else:
            self.wfile.write(self.body)

    def mode_busy(self, count):
        """Come back in a second: to the request for the file, and to one for a part."""
        if count in (1, 3):
            self.empty(503, Retry_After="1")
        else:
            self.good()

    def mode_never(self, count):
        """Come back tomorrow."""
        self.empty(429, Retry_After="86400")

    def mode_two(self, count):
        """No more than two at once."""
        if BUSY[self.path] > 2:
            return self.empty(503)
        self.slowly(*self.begin(), 65536)

    def mode_broken(self, count):
        self.empty(500)

    def mode_gone(self, count):
        self.good() if count <= 4 else self.empty(404)

    def mode_missing(self, count):
        self.empty(404)

    def mode_redirect(self, count):
        self.empty(302, Location=f"/good/{self.name}")

    def mode_loop(self, count):
        self.empty(302, Location=self.path)

    def mode_ftp(self, count):
        self.empty(302, Location=f"ftp://127.0.0.1/{self.name}")

    def mode_expires(self, count):
        """Redirects to a place that is good for five requests."""
        self.empty(302, Location=f"/signed.{os.getpid()}-{count}/{self.name}")

    def mode_signed(self, count):
        self.good() if count <= 5 else self.empty(403)

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
        """One connection of many crawls."""
        first, last = self.begin()
        if count == 2:
            self.slowly(first, last, 1000, 0.05)
        else:
            self.wfile.write(self.body[first : last + 1])

    def mode_slow(self, count):
        self.slowly(*self.begin(), 4096, 0.05)

    def mode_hangs(self, count):
        """One connection stops in the middle and stays open."""
        first, last = self.begin()
        if count != 2:
            self.wfile.write(self.body[first : last + 1])
            return
        self.wfile.write(self.body[first : (first + last) // 2])
        self.wfile.flush()
        time.sleep(20)
        self.close_connection = True

    def mode_garbage(self, count):
        self.wfile.write(b"220 welcome to something else\r\n\r\n")
        self.close_connection = True

    def mode_header(self, count):
        """Only for those who say the word."""
        self.good() if self.headers.get("X-Word") == "open" else self.empty(403)

    def mode_teapot(self, count):
        """An answer that means no good to terminals."""
        self.empty(302, Location="http://127.0.0.1:1/\x1b]0;owned\x07")

    # -- parts refused, packed, or of something else --

    def arg(self):
        """What follows the dash after the mode."""
        return self.path.split("/", 2)[1].partition("-")[2].partition(".")[0]

    def mode_deny(self, count):
        """/deny-STATUS: any request for a part is answered by that."""
        self.empty(int(self.arg())) if self.is_part() else self.whole()

    def mode_uses(self, count):
        """/uses-N: a link that is good for so many requests."""
        self.empty(410) if count > int(self.arg()) else self.good()

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
            self.head(200, len(self.body))
            return self.slowly(0, len(self.body) - 1, 100000)
        first, last = wanted[0], min(wanted[1], wanted[0] + int(self.arg()) - 1)
        self.part(first, last)
        self.wfile.write(self.body[first : last + 1])

    def mode_packs(self, count):
        """Packs the parts as it packs everything, although asked not to."""
        wanted = self.read_range()
        data = packed(self.body[wanted[0] : wanted[1] + 1] if wanted else self.body)
        if wanted:
            span = f"bytes {wanted[0]}-{wanted[1]}/{len(self.body)}"
            self.head(206, len(data), Content_Range=span, Content_Encoding="gzip")
            self.wfile.write(data)
        else:
            self.head(200, Content_Encoding="gzip", Transfer_Encoding="chunked")
            self.chunk(data)

    def mode_packs_parts(self, count):
        self.mode_packs(count) if self.is_part() else self.whole()

    def mode_packed(self, count):
        """What it has is packed, and the parts are of that."""
        self.body = packed(self.body)
        wanted = self.read_range()
        if wanted:
            span = f"bytes {wanted[0]}-{wanted[1]}/{len(self.body)}"
            self.head(206, wanted[1] - wanted[0] + 1, Content_Range=span, Content_Encoding="gzip")
            self.wfile.write(self.body[wanted[0] : wanted[1] + 1])
        else:
            self.head(200, len(self.body), Content_Encoding="gzip")
            self.wfile.write(self.body)

    def mode_packed_endless(self, count):
        self.protocol_version = "HTTP/1.0"
        self.head(200, Content_Encoding="gzip")
        data = packed(self.body)
        self.cut(data[: len(data) // 2])

    def mode_packed_strangely(self, count):
        self.head(200, len(self.body), Content_Encoding="rot13")
        self.wfile.write(self.body)

    def mode_packed_twice(self, count):
        data = packed(packed(self.body))
        self.head(200, len(data), Content_Encoding="gzip, gzip")
        self.wfile.write(data)

    def mode_identity(self, count):
        """Says what need not be said."""
        first, last = self.read_range() or (0, len(self.body) - 1)
        more = {"Content_Encoding": "identity"}
        if self.is_part():
            more["Content_Range"] = f"bytes {first}-{last}/{len(self.body)}"
        self.head(206 if self.is_part() else 200, last - first + 1, **more)
        self.wfile.write(self.body[first : last + 1])

    def mode_multipart(self, count):
        wanted = self.read_range()
        if not wanted:
            return self.whole()
        span = f"bytes {wanted[0]}-{wanted[1]}/{len(self.body)}"
        data = self.body[wanted[0] : wanted[1] + 1]
        data = b"--X\r\nContent-Range: %s\r\n\r\n%s\r\n--X--\r\n" % (span.encode(), data)
        kind = "multipart/byteranges; boundary=X"
        self.head(206, len(data), Content_Type=kind, Content_Range=span)
        self.wfile.write(data)

    def mode_no_content(self, count):
        self.empty(204)

    def mode_whole_206(self, count):
        """Calls the whole file a part, also when no part was asked for."""
        first, last = self.read_range() or (0, len(self.body) - 1)
        self.part(first, last)
        self.wfile.write(self.body[first : last + 1])

    def mode_half_206(self, count):
        """A part that nobody asked for."""
        self.part(0, len(self.body) // 2)
        self.wfile.write(self.body[: len(self.body) // 2 + 1])

    # -- lengths --

    def lengths(self, *lengths, **more):
        self.send_response(200)
        self.send_header("ETag", '"first"')
        for length in lengths:
            self.send_header("Content-Length", str(length))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def mode_two_lengths(self, count):
        self.lengths(len(self.body) // 2, len(self.body))
        self.cut(self.body)

    def mode_same_length_twice(self, count):
        self.lengths(len(self.body), len(self.body))
        self.cut(self.body)

    def mode_absurd_length(self, count):
        self.lengths(10**30)
        self.cut(self.body)

    def mode_negative_length(self, count):
        self.lengths(-5)
        self.cut(self.body)

    def mode_word_length(self, count):
        self.lengths("many")
        self.cut(self.body)

    def mode_too_long(self, count):
        """More than it says."""
        self.lengths(len(self.body) // 2)
        self.cut(self.body)

    def mode_too_long_chunked(self, count):
        self.lengths(len(self.body) // 2, Transfer_Encoding="chunked")
        self.chunk(self.body)

    def mode_too_short_chunked(self, count):
        self.lengths(len(self.body) * 2, Transfer_Encoding="chunked")
        self.chunk(self.body)

    def mode_stray(self, count):
        """An empty line after each body, which old servers send; and garbage between answers."""
        first, last = self.begin()
        self.wfile.write(self.body[first : last + 1] + b"\r\n")
        self.wfile.flush()
        if self.is_part():
            time.sleep(0.05)
            self.wfile.write(b"garbage\r\n" * 10)

    # -- identity --

    def mode_nothing_known(self, count):
        """Neither ETag nor date, and another version with each request."""
        self.body = bytes(b ^ (count & 255) for b in self.body) if count > 1 else self.body
        self.good(None)

    def mode_weak(self, count):
        """A weak ETag says nothing about bytes."""
        self.body = bytes(b ^ (count & 255) for b in self.body) if count > 1 else self.body
        self.good('W/"first"')

    def mode_backends(self, count):
        """Several behind one name, each with an ETag of its own."""
        self.good(f'"backend {count % 2}"')

    def mode_backends_later(self, count):
        self.good('"first"' if count <= 12 else f'"backend {count % 2}"')

    # -- cookies, passwords --

    def mode_cookie(self, count):
        """Sets one with a redirect to itself, and wants it back."""
        if "seen=1" in self.headers.get("Cookie", ""):
            return self.good()
        self.empty(302, Set_Cookie="seen=1; Path=/", Location=self.path)

    def mode_cookie_before(self, count):
        self.empty(302, Set_Cookie="seen=1; Path=/", Location=f"/cookie_needed/{self.name}")

    def mode_cookie_needed(self, count):
        self.good() if "seen=1" in self.headers.get("Cookie", "") else self.empty(403)

    def mode_password(self, count):
        """Wants that of "user"."""
        wanted = "Basic " + base64.b64encode(b"user:sesame").decode()
        self.good() if self.headers.get("Authorization") == wanted else self.empty(401)

    def mode_to_password(self, count):
        self.empty(302, Location=f"http://user:sesame@127.0.0.1:1/{self.name}")

    def mode_elsewhere(self, count):
        """To what goes by another name."""
        port = self.server.server_address[1]
        self.empty(302, Location=f"http://localhost:{port}/no_secret/{self.name}")

    def mode_no_secret(self, count):
        """Each secret that comes here is counted as a request for /leaked."""
        if "Authorization" in self.headers:
            with LOCK:
                COUNTS["/leaked"] = COUNTS.get("/leaked", 0) + 1
        self.good()

    # -- --

    def do_GET(self):
        if self.path.startswith("/-/count"):
            answer = str(COUNTS.get(self.path[8:], 0)).encode()
            self.head(200, len(answer), None)
            self.wfile.write(answer)
            return
        _, mode, self.name = self.path.split("/", 2)
        self.body = read_file(os.path.join(ROOT, os.path.basename(self.name)))
        with LOCK:
            COUNTS[self.path] = count = COUNTS.get(self.path, 0) + 1
            BUSY[self.path] = BUSY.get(self.path, 0) + 1
        try:
            getattr(self, "mode_" + re.split("[.-]", mode)[0])(count)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with LOCK:
                BUSY[self.path] -= 1


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Handler)
with open(PORT_FILE + ".new", "w") as port_file:
    port_file.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
