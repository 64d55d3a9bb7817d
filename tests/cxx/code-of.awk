# SPDX-License-Identifier: MIT OR Apache-2.0
# objdump -dr OBJECT | awk -f code-of.awk: for each function of the object's .text a line "NAME
# INSTRUCTIONS CALLS...": how many instructions it takes when nothing fails, which is what stands
# before the first return, and what is called in them. Calls of failure lie behind it: that part is
# listed as NAME! with no count.

function say()
{
        if (name != "")
                print name, instructions, calls
        if (behind != "")
                print name "!", 0, behind
        name = behind = ""
}

/^Disassembly of section / {
        say()
        in_text = ($4 == ".text:")
}
in_text && /^[0-9a-f]+ <.*>:$/ {
        say()
        name = $2
        gsub(/[<>:]/, "", name)
        instructions = 0
        calls = ""
        returned = 0
}
!in_text || name == "" {
        next
}
/^[ \t]+[0-9a-f]+: R_/ {
        symbol = $3
        sub(/[-+]0x[0-9a-f]+$/, "", symbol)
        if (symbol ~ /^\.(L|text|rodata)/)
                next
        if (returned)
                behind = behind " " symbol
        else
                calls = calls " " symbol
        next
}
/^ *[0-9a-f]+:\t/ && !returned {
        # What only fills up a line of the cache is no instruction.
        if ($0 ~ /\t(cs |data16 )*(nop|xchg +%ax,%ax)/)
                next
        instructions++
        if ($2 ~ /^ret/)
                returned = 1
}
END {
        say()
}
