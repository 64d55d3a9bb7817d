# SPDX-License-Identifier: MIT OR Apache-2.0
# awk -v compiler=gcc|clang -v source=FILE -f errors-expected.awk FILE OUTPUT: whether the output
# of the compiler on FILE has an error for each line that one is expected in, as the comments right
# above it tell ("// gcc: REGEX", "// clang: REGEX", "// error: REGEX" for both), and no other.
# An error in a header counts for the line of FILE that led there. What compilers add in notes
# belongs to their error.

function fail(text)
{
        print "FAIL: " text
        failed = 1
}

function line_of(text)
{
        sub(/^[^:]*:/, "", text)
        return text + 0
}

# ---- the source
FNR == NR {
        if ($0 ~ "^ *// (error|" compiler "): ") {
                expectation = $0
                sub(/^ *\/\/ [a-z]*: /, "", expectation)
        } else if ($0 !~ /^ *\/\//) {
                if (expectation != "") {
                        expected[FNR] = expectation
                        expectations++
                }
                expectation = ""
        }
        next
}

# ---- the output; names of files without their directories
{
        sub("^([^ :]*/)?" source ":", source ":")
        in_source = index($0, source ":") == 1
}
# gcc tells beforehand how it came to an error in a header.
/: In (instantiation|substitution) of/ {
        if (!nested)
                site = 0
        current = 0
        nested = 1
}
in_source && / required (from|by)/ {
        site = line_of($0)
}
/ (fatal )?error: / {
        if (waiting)
                lost = pending
        waiting = 0
        if (in_source)
                site = line_of($0)
        nested = 0
        # What gcc says in a header without a way there comes of the error before.
        current = site == 0 && compiler == "gcc" ? last : site
        last = current
        if (current == 0)
                waiting = 1
        pending = $0
        site = 0
        if (!waiting)
                found[current] = found[current] " " $0
        next
}
# clang tells it afterwards.
waiting && in_source && /: note: / {
        current = line_of($0)
        found[current] = found[current] " " pending
        waiting = 0
}
waiting {
        pending = pending " " $0
        next
}
current != 0 {
        found[current] = found[current] " " $0
}

END {
        for (line in expected) {
                if (!(line in found))
                        fail(source ":" line ": compiles")
                else if (found[line] !~ expected[line])
                        fail(source ":" line ": no " expected[line] " in:" found[line])
        }
        for (line in found)
                if (!(line in expected))
                        fail(source ":" line ": unexpected:" found[line])
        if (waiting)
                lost = pending
        if (lost != "")
                fail("an error that belongs to no line: " lost)
        if (expectations < 3)
                fail("only " expectations + 0 " lines are expected to be refused")
        if (!failed)
                print expectations " lines are refused, each for its reason"
        exit failed
}
