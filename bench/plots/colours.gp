# SPDX-License-Identifier: MIT OR Apache-2.0
# Every engine has the same colour in every drawing.
colour(name) = name eq "rmmap"      ? 0x6a1fb0 : \
               name eq "rmmap-hint" ? 0xb07fe0 : \
               name eq "rmmap-map"  ? 0x4c6fb0 : \
               name eq "rmmap-pwrite" ? 0x8f5a3c : \
               name eq "direct"     ? 0x404040 : \
               name eq "memory"     ? 0xa0a0a0 : \
               name eq "mmap"       ? 0x3a8fd0 : \
               name eq "pwrite"     ? 0xe69f00 : \
               name eq "tuned"      ? 0x009e73 : \
               name eq "io_uring"   ? 0xd04f3a : \
               name eq "libpmem"    ? 0xc8b400 : 0x808080
