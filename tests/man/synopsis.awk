# SPDX-License-Identifier: MIT OR Apache-2.0
# awk -f synopsis.awk PAGE...: what the SYNOPSIS of each page declares, as C that compiles after
# rmmap.h only where both say the same.
function quoted(line)
{
        sub(/^\.[A-Z][a-z] /, "", line)
        gsub(/"/, "", line)
        return line
}

function say_member(type, member)
{
        printf "_Static_assert(offsetof(struct man_%s, %s) == offsetof(struct rmmap_%s, %s) &&\n",
               type, member, type, member
        printf "__builtin_types_compatible_p(__typeof__(((struct man_%s *)0)->%s),\n", type, member
        printf "__typeof__(((struct rmmap_%s *)0)->%s)), \"%s.%s\");\n", type, member, type, member
}

# The end of a struct: as long as the real one, and each of its members in its place.
function end_struct(    i)
{
        printf "_Static_assert(sizeof(struct man_%s) == sizeof(struct rmmap_%s), \"%s\");\n",
               type, type, type
        for (i = 1; i <= members; i++)
                say_member(type, member[i])
        type = ""
}

function add_member(line)
{
        sub(/\/\*.*\*\//, "", line)
        if (line ~ /\(\*[a-z_]+\)/) {
                sub(/.*\(\*/, "", line)
                sub(/\).*/, "", line)
        } else if (line ~ /[a-z_]+(\[[0-9]+\])?; *(};)?$/ && line !~ /^ *void|\);/) {
                sub(/(\[[0-9]+\])?; *(};)? *$/, "", line)
                sub(/.*[ *]/, "", line)
        } else {
                return
        }
        member[++members] = line
}

function say_line(line)
{
        gsub(/\\-/, "-", line)
        if (line ~ /^#define .*\/\*|^#define [A-Z_]*\(/)
                return
        if (line ~ /^enum/)
                in_enum = 1
        if (in_enum && match(line, /RMMAP_[A-Z_]+ *= *[0-9]+/)) {
                line = substr(line, RSTART, RLENGTH)
                sub(/ *=/, " ==", line)
                printf "_Static_assert(%s, \"%s\");\n", line, line
        }
        if (in_enum) {
                in_enum = (line !~ /}/)
                return
        }
        if (match(line, /^struct rmmap_[a-z]+(_[a-z]+)* *[{]/)) {
                type = substr(line, 14, RLENGTH - 14)
                gsub(/[ {]/, "", type)
                sub(/struct rmmap_/, "struct man_", line)
                members = 0
        }
        print line
        if (type != "")
                add_member(line)
        if (type != "" && line ~ /};/)
                end_struct()
}

/^\.Sh / { in_synopsis = ($2 == "SYNOPSIS") }
!in_synopsis { next }
/^\.Bd/ { in_block = 1; next }
/^\.Ed/ { in_block = 0; next }
in_block { say_line($0); next }
/^\.Ft/ { returns = quoted($0) }
/^\.Fo/ { printf "%s %s(", returns, $2; separator = "" }
/^\.Fa/ { printf "%s%s", separator, quoted($0); separator = ", " }
/^\.Fc/ { print ");" }
/^\.Fn/ {
        line = $0
        sub(/^\.Fn [a-z_]+ /, "", line)
        gsub(/" "/, ", ", line)
        gsub(/"/, "", line)
        printf "%s %s(%s);\n", returns, $2, line
}
