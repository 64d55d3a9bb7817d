# SPDX-License-Identifier: MIT OR Apache-2.0
# awk -v out=PREFIX -f extract-examples.awk PAGE: each literal block of a page's EXAMPLES that is a
# whole C program goes to PREFIX-1.c and so on; their names are printed, one a line.

# The characters that the pages write in roff's words, so that what is copied from a terminal
# compiles too.
function plain(line)
{
        sub(/^\\&/, "", line)
        gsub(/\\-/, "-", line)
        gsub(/\\\(aq/, "'", line)
        gsub(/\\\(ga/, "`", line)
        gsub(/\\\(ha/, "^", line)
        gsub(/\\\(ti/, "~", line)
        gsub(/\\e/, "\\", line)
        return line
}

/^\.Sh / {
        in_examples = ($2 == "EXAMPLES")
}
in_examples && /^\.Bd -literal/ {
        in_block = 1
        program = ""
        next
}
in_block && /^\.Ed/ {
        in_block = 0
        if (program ~ /(^|[ \n*])main\(/) {
                file = out "-" ++count ".c"
                printf "%s", program > file
                close(file)
                print file
        }
}
in_block {
        program = program plain($0) "\n"
}
