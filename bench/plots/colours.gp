# SPDX-License-Identifier: MIT OR Apache-2.0
# Every engine has the same colour and the same words in every drawing.
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
words_of(name) = name eq "rmmap"      ? "this library" : \
                 name eq "rmmap-hint" ? "this library, with hints" : \
                 name eq "rmmap-map"  ? "this library, mapping only" : \
                 name eq "rmmap-pwrite" ? "this library, pwrite only" : \
                 name eq "direct"     ? "O_DIRECT: limit of the disk" : \
                 name eq "memory"     ? "no file: limit of the memory" : \
                 name eq "mmap"       ? "plain mmap" : \
                 name eq "tuned"      ? "fallocate and pwrite by hand" : name
