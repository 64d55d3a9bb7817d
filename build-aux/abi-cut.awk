# SPDX-License-Identifier: MIT OR Apache-2.0
# abi-cut.awk may-grow baseline new: prints new as a program built with the baseline sees it,
# without the members that the structs in may-grow have past their size in the baseline. abidiff's
# own suppressions don't suit: they would also hide members that moved.
function attribute(name)
{
        if (!match($0, " " name "='[^']*'"))
                return ""
        return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
}

FNR == 1 { file++ }
file == 1 && /^[a-z]/ { may_grow[$1] = 1 }
file == 1 { next }

/<class-decl / {
        name = attribute("name")
        size = attribute("size-in-bits")
        cut = 0
        if (file == 2 && name in may_grow)
                known[name] = size
        if (file == 3 && name in known && size + 0 > known[name] + 0) {
                cut = known[name] + 0
                sub(/ size-in-bits='[0-9]*'/, " size-in-bits='" cut "'")
        }
}
/<\/class-decl>/ { cut = 0 }
file == 3 && cut && /<data-member / && attribute("layout-offset-in-bits") + 0 >= cut { behind = 1 }
file == 3 && !behind { print }
/<\/data-member>/ { behind = 0 }
