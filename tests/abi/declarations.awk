# SPDX-License-Identifier: MIT OR Apache-2.0
# awk -f declarations.awk PREPROCESSED: what rmmap.h itself declares, a line each ("function ..." or
# "type ..."), from what the compiler made of a file that includes it: with line markers, so that
# other headers are left out, and no comments or macros to be mistaken about.

# Without __attribute__((...)), however deep its parentheses.
function without_attributes(text,    at, depth, end)
{
        while ((at = index(text, "__attribute__")) > 0) {
                depth = 0
                for (end = at + 13; end <= length(text); end++) {
                        if (substr(text, end, 1) == "(")
                                depth++
                        if (substr(text, end, 1) == ")" && --depth == 0)
                                break
                }
                text = substr(text, 1, at - 1) " " substr(text, end + 1)
        }
        return text
}

function say(text)
{
        text = without_attributes(text)
        gsub(/__extension__/, " ", text)
        gsub(/[ \t\n]+/, " ", text)
        sub(/^ /, "", text)
        if (text != "")
                print (text ~ /^(struct|enum|union) [A-Za-z_0-9]+ ?($|[{])/ ? "type " : "function ") text
}

/^# [0-9]+ "/ { ours = ($3 ~ /rmmap\.h"$/); next }
!ours { next }
{
        # Statement by statement; what is in braces belongs to the one before them.
        line = $0
        for (i = 1; i <= length(line); i++) {
                c = substr(line, i, 1)
                if (c == "{")
                        depth++
                if (c == "}")
                        depth--
                if (c == ";" && depth == 0) {
                        say(statement)
                        statement = ""
                } else {
                        statement = statement c
                }
        }
        statement = statement " "
}
