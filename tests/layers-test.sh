#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# A file of lib/ includes headers of its own layer and of those below; only lib/os/ knows a system.
# lib/Makefile.inc is the table: each file is listed under the layer it is of.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
lib=${top_srcdir:-$here/..}/lib
cd "$lib" || exit 99

# shellcheck disable=SC2046,SC2016 # names without spaces; awk's own dollars
"${AWK:-awk}" '
function fail(text)
{
        print "FAIL: " text
        failed = 1
}

BEGIN {
        # What belongs to the language and its compiler, not to the system.
        split("cpuid.h errno.h emmintrin.h limits.h stdalign.h stdatomic.h stdbool.h stddef.h stdint.h " \
              "string.h", list, " ")
        for (i in list)
                language[list[i]] = 1
        # Compiled in on request, for people who look inside.
        language["valgrind/drd.h"] = language["valgrind/helgrind.h"] = language["sys/sdt.h"] = 1
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
                if (!(name in there) || name in layer)
                        fail(name " is listed twice, or there is no such file")
                layer[name] = current
                listed++
        }
}
FILENAME == "Makefile.inc" { next }

# ---- the files
FNR == 1 && !(FILENAME in layer) { fail(FILENAME " is listed under no layer of Makefile.inc") }
/Layer [0-9]\./ {
        said = $0
        sub(/.*Layer /, "", said)
        if (said + 0 != layer[FILENAME])
                fail(FILENAME " says layer " said + 0 ", and is listed under " layer[FILENAME])
}
FILENAME !~ /^os\// && /linux\/|__linux__|_WIN32|\/proc/ { fail(FILENAME " knows a system: " $0) }
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
                if (name ~ /^os\/(inside|.*\/)/ && FILENAME !~ /^os\//)
                        fail(FILENAME " includes " name ", which is of os/ alone")
        } else if (quote != "<")
                fail(FILENAME " includes " name ", which is no file of lib")
        else if (!(name in language) && FILENAME !~ /^os\//)
                fail(FILENAME ", not of os/, includes <" name ">")
}
END {
        if (listed < 40 || included < 100)
                fail("only " listed " files, " included + 0 " includes were found")
        print listed " files, " included " includes"
        exit failed
}
' Makefile.inc $(find . -name "*.[ch]" | sed "s|^\./||")
