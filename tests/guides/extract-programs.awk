# SPDX-License-Identifier: MIT OR Apache-2.0
# awk -v out=PREFIX -f extract-programs.awk GUIDE: each block of C in a Markdown file that is a whole
# program goes to PREFIX-1.c and so on; their names are printed, one a line.
/^```/ {
        if (in_block && program ~ /(^|[ \n*])main\(/) {
                file = out "-" ++count ".c"
                printf "%s", program > file
                close(file)
                print file
        }
        in_block = (!in_block && $0 == "```c")
        program = ""
        next
}
in_block {
        program = program $0 "\n"
}
