#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# A file of lib/ includes headers of its own layer and of those below, and headers of the system
# only as its layer may. lib/Makefile.inc is the table: each file is listed under the layer it is of.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
lib=${top_srcdir:-$here/..}/lib
cd "$lib" || exit 99

# shellcheck disable=SC2046,SC2012,SC2016 # names without spaces; awk's own dollars
"${AWK:-awk}" '
function fail(text)
{
        print "FAIL: " text
        failed = 1
}

BEGIN {
        # What belongs to the language, not to the system.
        split("errno.h limits.h stdalign.h stdatomic.h stdbool.h stddef.h stdint.h string.h", list)
        for (i in list)
                language[list[i]] = 1

        # Layer 1 is there to talk to the system. What else may be used above it, and why:
        allowed["bitmap.c stdlib.h"] = "memory"
        allowed["allocator-bump.c stdlib.h"] = "memory"
        allowed["allocator.c stdlib.h"] = "memory"
        allowed["unwritten-extents.c stdlib.h"] = "memory"
        allowed["page-state.c stdlib.h"] = "memory"
        allowed["file.c stdlib.h"] = "memory"
        allowed["group-commit.h pthread.h"] = "a mutex and a condition: no descriptor, no mapping"
        allowed["write-from-fd.c unistd.h"] = "read and lseek on a descriptor of the caller"
        # Compiled in on request, for people who test.
        allowed["base/sync-annotations.h valgrind/drd.h"] = "notes for tools"
        allowed["base/sync-annotations.h valgrind/helgrind.h"] = "notes for tools"

        # The public header: the types that the model is about.
        layer["rmmap.h"] = 2
        for (i = 2; i < ARGC; i++)
                there[ARGV[i]] = 1
}

# ---- the table
FILENAME == "Makefile.inc" && /^# Layer [0-9]:/ { current = substr($3, 1, 1) + 0; in_table = 1 }
FILENAME == "Makefile.inc" && /^$/ { in_table = 0 }
FILENAME == "Makefile.inc" && in_table {
        for (i = 1; i <= NF; i++) {
                if ($i !~ /^%D%\/.*\.[ch]$/)
                        continue
                name = substr($i, 5)
                if (name in layer)
                        fail(name " is listed twice")
                if (!(name in there))
                        fail(name " is listed, and there is no such file")
                layer[name] = current
                listed++
        }
}
FILENAME == "Makefile.inc" { next }

# ---- the files
FNR == 1 {
        files++
        if (!(FILENAME in layer))
                fail(FILENAME " is listed under no layer of Makefile.inc")
}
/Layer [0-9]\./ {
        said = $0
        sub(/.*Layer /, "", said)
        if (FILENAME in layer && said + 0 != layer[FILENAME])
                fail(FILENAME " says layer " said + 0 ", and is listed under " layer[FILENAME])
}
/^[ \t]*#[ \t]*include/ {
        name = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
        quote = substr(name, 1, 1)
        name = substr(name, 2)
        sub(/[">].*/, "", name)
        included++
        if (name in layer) {
                if (layer[name] > layer[FILENAME])
                        fail(FILENAME ", of layer " layer[FILENAME] ", includes " name \
                             ", of layer " layer[name])
        } else if (quote == "<") {
                key = FILENAME " " name
                used[key] = 1
                if (!(name in language) && layer[FILENAME] != 1 && !(key in allowed))
                        fail(FILENAME ", of layer " layer[FILENAME] ", includes <" name ">")
        } else
                fail(FILENAME " includes " name ", which is no file of lib")
}
END {
        for (key in allowed)
                if (!(key in used))
                        fail("no longer needed: " key " (" allowed[key] ")")
        if (listed < 40 || included < 100)
                fail("only " listed " files, " included + 0 " includes were found")
        print files " files, " included " includes"
        exit failed
}
' Makefile.inc $(find . -name "*.[ch]" | sed "s|^\./||")
