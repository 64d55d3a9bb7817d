# SPDX-License-Identifier: MIT OR Apache-2.0
# What table.awk and drawing.awk read: the rows of one kind from table.rows, then the CSV.
#     awk -F, -v kind=KIND -f results.awk -f table.awk table.rows CSV
BEGIN {
        ways = split("rmmap rmmap-hint mmap pwrite tuned direct", way, " ")
        words_of["rmmap"] = "the library"
        words_of["rmmap-hint"] = "the library with hints"
        words_of["mmap"] = "plain mmap"
        words_of["pwrite"] = "pwrite"
        words_of["tuned"] = "fallocate + pwrite"
        words_of["direct"] = "O_DIRECT"
}
FNR == 1 { files++ }
files == 1 && /^#/ { next }
files == 1 {
        if ($1 == "words")
                short_words[$2] = $6
        if ($1 == kind) {
                scenario[++rows] = $2; threads[rows] = $3; of_row[rows] = $2 SUBSEP $3
                fourth[rows] = $4; fifth[rows] = $5; job[rows] = words($6)
        }
        next
}
/^# .*read-ahead/ && machine == "" { machine = substr($0, 3) }
/^#/ { next }
$1 == "scenario" {
        for (i = 1; i <= NF; i++)
                at[$i] = i
        next
}
# The other parts repeat rows, with other sizes or other ways. What one run of rmmap-bench wrote has
# no column for the part.
field("part") ~ /^(goals|others|beyond|large|company)?$/ {
        for (name in at)
                if (field(name) ~ /^[0-9.e+-]+$/)
                        measured[$1, $2, field("engine"), name] = field(name) + 0
}

# The value in this line of the column with this name; empty: the run had no such column.
function field(name)
{
        return name in at ? $at[name] : ""
}

# A number of the CSV, or empty. of: scenario and threads.
function result(of, engine, name)
{
        return (of, engine, name) in measured ? measured[of, engine, name] : ""
}

function ran(of, engine)
{
        return result(of, engine, "median") > 0
}

# A comma would end a field of table.rows: there a semicolon means a comma, and a full stop a
# semicolon.
function words(text)
{
        gsub(/;/, ",", text)
        gsub(/\. /, "; ", text)
        return text
}
