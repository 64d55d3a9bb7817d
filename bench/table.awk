# SPDX-License-Identifier: MIT OR Apache-2.0
# One table: awk -F, -v kind=KIND -f table.awk table.rows CSV. See bench/table.
BEGIN {
        picture["engines"] = "every engine"
        picture["growth"] = "the time of a byte by the size of the file"
}
FNR == 1 { files++ }
/^#/ { next }
files == 1 {
        if ($1 == "plot") {
                plotted[$2] = $6
                gsub(/\//, " ", plotted[$2])
                gsub(/;/, ", ", plotted[$2])
        }
        if ($1 == kind) {
                scenario[++rows] = $2; threads[rows] = $3; goal[rows, "mmap"] = $4
                goal[rows, "pwrite"] = $5; job[rows] = $6
        }
        next
}
$1 == "scenario" {
        for (i = 1; i <= NF; i++)
                at[$i] = i
        next
}
# What one run of rmmap-bench wrote has no column for the part.
part() !~ /^(engines|scaling|durable|growth)/ {
        of = $1 SUBSEP $2
        engine = field("engine")
        seconds[of, engine] = field("median"); written[of, engine] = field("disk_bytes")
        payload[of] = field("bytes")
        size[of] = field("size")
        ratio[of, engine] = field("ahead")
        low[of, engine] = field("ahead_low"); high[of, engine] = field("ahead_high")
}
kind == "regret" && field("regret") > 1.1 { regret() }
kind == "crossovers" || part() ~ "^" kind {
        note(label(), field("engine"), field("gib_per_second"))
}

# The value in this line of the column with this name; empty: the run had no such column.
function field(name)
{
        return name in at ? $at[name] : ""
}

function part()
{
        return field("part")
}

# The label of a row of a plain table.
function label(   text)
{
        text = plotted[$1] ", " $2 ($2 == 1 ? " thread" : " threads")
        if (kind == "growth")
                return text ", " part() ", " amount(field("size"))
        if (kind == "regret")
                return text ", " amount(field("size"))
        return text (kind == "crossovers" ? ", " field("place") : \
                field("durable") && kind == "durable" ? ", a sync" : "")
}

# Inserts a line; the largest regret comes first.
function regret(   i)
{
        for (i = ++regrets; i > 1 && field("regret") > regret_of[i - 1]; i--) {
                regret_of[i] = regret_of[i - 1]
                regret_line[i] = regret_line[i - 1]
        }
        regret_of[i] = field("regret")
        regret_line[i] = "| " label() " | " number(field("regret")) " [" \
                number(field("regret_low")) " " number(field("regret_high")) "] | " \
                field("best") " |"
}

# Notes a cell of a plain table; rows and columns stay in the order in which they come.
function note(row, column, value)
{
        if (!(row in lines)) {
                lines[row] = 1
                line[++lines_count] = row
        }
        if (!(column in columns)) {
                columns[column] = 1
                name[++columns_count] = column
        }
        cell[row, column] = value
}

function number(value)
{
        return sprintf(value < 9.995 ? "%.2f" : "%.0f", value)
}

function amount(bytes)
{
        return bytes < 1024 ^ 4 ? bytes / 1024 ^ 2 " MiB" : bytes / 1024 ^ 4 " TiB"
}

function times(value)
{
        return sprintf(value < 0.995 ? "%.2f" : value < 9.95 ? "%.1f" : "%.0f", value)
}

# A comma would end a field of table.rows: there a semicolon means a comma, and a full stop a
# semicolon.
function words(text)
{
        gsub(/;/, ",", text)
        gsub(/\. /, "; ", text)
        return text
}

# The peer's time divided by the library's, with its interval; then the same with hints.
function ahead(of, peer,   text)
{
        if (!((of, peer) in ratio))
                return ""
        text = number(ratio[of, peer]) \
                " [" number(low[of, peer]) " " number(high[of, peer]) "]"
        if ((of, "rmmap-hint") in seconds)
                text = text "; " number(seconds[of, peer] / seconds[of, "rmmap-hint"])
        return text
}

function goals_row(i, of)
{
        printf "| %s | %s | %d | %s | %s | %s | %s |\n", words(job[i]), amount(size[of]),
                threads[i], ahead(of, "mmap"), goal[i, "mmap"], ahead(of, "pwrite"),
                goal[i, "pwrite"]
}

# A ratio whose interval is all above 1, or all below.
function differs(of, peer)
{
        return (of, peer) in ratio && (low[of, peer] > 1 || high[of, peer] < 1)
}

function interval(of, peer)
{
        if (!((of, peer) in ratio))
                return ""
        return times(ratio[of, peer]) " [" times(low[of, peer]) " " times(high[of, peer]) "]"
}

function short_row(i, of)
{
        if (differs(of, "mmap") || differs(of, "pwrite"))
                printf "| %s | %s | %s |\n", words(job[i]), interval(of, "mmap"),
                        interval(of, "pwrite")
}

# Bytes that the disk wrote for each byte of the pages that had to be written.
function per_page(i, of, engine)
{
        if (!((of, engine) in written))
                return ""
        return number(written[of, engine] / payload[of] / goal[i, "mmap"])
}

function written_row(i, of)
{
        printf "| %s | %s | %s | %s | %s |\n", words(job[i]), per_page(i, of, "rmmap"),
                per_page(i, of, "rmmap-hint"), per_page(i, of, "mmap"), per_page(i, of, "pwrite")
}

function value_at(row, column)
{
        if (!((row, column) in cell))
                return ""
        return cell[row, column] < 0.0995 ? sprintf("%.3f", cell[row, column]) : \
                number(cell[row, column])
}

function plain(   i, j, rule)
{
        # make plots draws these of the same lines.
        if (kind in picture)
                print "![" picture[kind] "](plots/" kind ".png)\n"
        rule = "|---|"
        printf "| GiB/s |"
        for (j = 1; j <= columns_count; j++) {
                printf " %s |", name[j]
                rule = rule "---|"
        }
        print "\n" rule
        for (i = 1; i <= lines_count; i++) {
                printf "| %s |", line[i]
                for (j = 1; j <= columns_count; j++)
                        printf " %s |", value_at(line[i], name[j])
                print ""
        }
}

END {
        if (kind == "goals")
                print "| job | file | threads | against plain mmap | goal | against pwrite " \
                        "| goal |\n|---|---|---|---|---|---|---|"
        else if (kind == "short")
                print "| job; one thread if it says no other | plain mmap | pwrite |\n|---|---|---|"
        else if (kind == "written")
                print "| job | rmmap | with hints | plain mmap | pwrite |\n|---|---|---|---|---|"
        else if (kind == "regret" && regrets) {
                print "| job | regret | fastest |\n|---|---|---|"
                for (i = 1; i <= regrets; i++)
                        print regret_line[i]
        } else if (lines_count)
                plain()
        for (i = 1; i <= rows; i++) {
                of = scenario[i] SUBSEP threads[i]
                if (kind == "short")
                        short_row(i, of)
                else if ((of, "rmmap") in seconds && kind == "goals")
                        goals_row(i, of)
                else if ((of, "rmmap") in seconds)
                        written_row(i, of)
        }
}
