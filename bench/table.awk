# SPDX-License-Identifier: MIT OR Apache-2.0
# One table in Markdown, of what results.awk read. See bench/table.
BEGIN { MIB = 1024 * 1024; GIB = 1024 * MIB; TIB = 1024 * GIB }
kind == "regret" && field("regret") + 0 > 1.1 { regret() }
kind == "crossovers" || kind ~ /^(engines|durable|growth)$/ && field("part") ~ "^" kind {
        note(label(), field("engine"), field("gib_per_second") + 0)
}

# The label of a row of a plain table.
function label(   text)
{
        text = words(short_words[$1]) ", " $2 ($2 == 1 ? " thread" : " threads")
        if (kind == "growth")
                return text ", " (field("part") ~ /tmpfs/ ? "tmpfs" : "disk") ", " \
                        amount(field("size") + 0)
        if (field("part") ~ /^(durable|growth)/ && field("durable") + 0)
                text = text ", a sync"
        if (field("part") ~ /tmpfs/)
                text = text ", tmpfs"
        return text (kind == "crossovers" ? ", " place() : \
                kind == "regret" ? ", " amount(field("size") + 0) : "")
}

# ext4-read-ahead-128: with KiB of read-ahead.
function place(   text)
{
        text = field("place")
        if (sub(/-read-ahead-/, " (read-ahead ", text))
                text = text " KiB)"
        return text
}

# Inserts a line; the largest regret comes first.
function regret(   i)
{
        for (i = ++regrets; i > 1 && field("regret") + 0 > regret_of[i - 1]; i--) {
                regret_of[i] = regret_of[i - 1]
                regret_label[i] = regret_label[i - 1]
                regret_text[i] = regret_text[i - 1]
        }
        regret_of[i] = field("regret") + 0
        regret_label[i] = label()
        regret_text[i] = number(regret_of[i]) " [" number(field("regret_low") + 0) " " \
                number(field("regret_high") + 0) "] | " \
                (field("best") in words_of ? words_of[field("best")] : field("best"))
}

# Some rows were measured twice, once with more ways: the larger regret counts.
function print_regrets(   i)
{
        print "| job | the library takes | fastest |\n|---|---|---|"
        for (i = 1; i <= regrets; i++)
                if (!said[regret_label[i]]++)
                        print "| " regret_label[i] " | " regret_text[i] " |"
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
                name_of[++columns_count] = column
        }
        cell[row, column] = value
}

function number(value)
{
        return sprintf(value < 9.995 ? "%.2f" : "%.0f", value)
}

function amount(bytes)
{
        return bytes < GIB ? bytes / MIB " MiB" : bytes < TIB ? bytes / GIB " GiB" : \
                bytes / TIB " TiB"
}

function times(value)
{
        return sprintf(value < 0.995 ? "%.2f" : value < 9.95 ? "%.1f" : "%.0f", value)
}

# 0: there was none.
function duration(us)
{
        return us <= 0 ? "" : us < 0.9995 ? sprintf("%.0f ns", us * 1e3) : \
                us < 999.5 ? sprintf(us < 9.95 ? "%.1f us" : "%.0f us", us) : \
                sprintf(us < 9950 ? "%.1f ms" : "%.0f ms", us / 1e3)
}

# ---- goals: the peer's time divided by the library's, with its interval; then the same with hints

function ahead(of, peer,   text)
{
        if (!ran(of, peer))
                return ""
        text = number(result(of, peer, "ahead")) " [" number(result(of, peer, "ahead_low")) " " \
                number(result(of, peer, "ahead_high")) "]"
        if (ran(of, "rmmap-hint"))
                text = text "; " number(result(of, peer, "median") / \
                        result(of, "rmmap-hint", "median"))
        return text
}

function goals_row(i, of)
{
        heading()
        printf "| %s | %s | %d | %s | %s | %s | %s | %s |\n", job[i],
                amount(result(of, "rmmap", "size")), threads[i], ahead(of, "mmap"), fourth[i],
                ahead(of, "pwrite"), fifth[i], ahead(of, "tuned")
}

# ---- short: for the README. The fourth field of a row names a column that is shown itself

function compared(of, peer)
{
        if (!ran(of, peer))
                return ""
        if (result(of, peer, "ahead_low") <= 1 && result(of, peer, "ahead_high") >= 1)
                return "same"
        return times(result(of, peer, "ahead"))
}

function with_unit(of, engine, column)
{
        if (!ran(of, engine))
                return ""
        return column ~ /_us$/ ? duration(result(of, engine, column)) : \
                mib(result(of, engine, column)) " MiB"
}

function short_row(i, of, whose)
{
        whose = fifth[i] == "" ? "rmmap" : fifth[i]
        if (fourth[i] == "") {
                heading()
                printf "| %s | %s | %s | %s |\n", job[i], compared(of, "mmap"),
                        compared(of, "pwrite"), compared(of, "tuned")
        } else if (result(of, whose, fourth[i]) > 0) {
                heading()
                printf "| %s (%s) | %s | %s | %s |\n", job[i],
                        with_unit(of, whose, fourth[i]), with_unit(of, "mmap", fourth[i]),
                        with_unit(of, "pwrite", fourth[i]), with_unit(of, "tuned", fourth[i])
        }
}

# ---- written: bytes that the disk wrote for each byte of the pages that had to be written

function per_page(i, of, engine)
{
        if (!ran(of, engine))
                return ""
        return number(result(of, engine, "disk_bytes") / result(of, engine, "bytes") / fourth[i])
}

function written_row(i, of)
{
        heading()
        printf "| %s | %s | %s | %s | %s |\n", job[i], per_page(i, of, "rmmap"),
                per_page(i, of, "rmmap-hint"), per_page(i, of, "mmap"), per_page(i, of, "pwrite")
}

# ---- memory and latency, as the round after the timed ones saw them

function mib(bytes)
{
        return sprintf("%.0f", bytes / MIB)
}

function memory_row(i, of,   w)
{
        if (result(of, "rmmap", "memory_peak") == "")
                return
        heading()
        printf "| %s |", job[i]
        for (w = 1; w <= ways; w++)
                printf " %s |", ran(of, way[w]) ? mib(result(of, way[w], "memory_peak")) "; " \
                        mib(result(of, way[w], "cached_left")) : ""
        print ""
}

# The fourth field is the beginning of the columns' names.
function latency_row(i, of,   w, text)
{
        text = job[i]
        for (w = 1; w <= ways; w++) {
                if (result(of, way[w], fourth[i] "_p50_us") == "")
                        continue
                heading()
                printf "| %s | %s | %s | %s | %s | %s |\n", text, words_of[way[w]],
                        duration(result(of, way[w], fourth[i] "_p50_us")),
                        duration(result(of, way[w], fourth[i] "_p99_us")),
                        duration(result(of, way[w], fourth[i] "_p99_9_us")),
                        duration(result(of, way[w], fourth[i] "_max_us"))
                text = ""
        }
}

# ---- tables whose rows and columns are those of the run

function value_at(row, column)
{
        if (!((row, column) in cell))
                return ""
        return cell[row, column] < 0.0995 ? sprintf("%.3f", cell[row, column]) : \
                number(cell[row, column])
}

function plain(   i, j, rule)
{
        rule = "|---|"
        printf "| GiB/s |"
        for (j = 1; j <= columns_count; j++) {
                printf " %s |", name_of[j]
                rule = rule "---|"
        }
        print "\n" rule
        for (i = 1; i <= lines_count; i++) {
                printf "| %s |", line[i]
                for (j = 1; j <= columns_count; j++)
                        printf " %s |", value_at(line[i], name_of[j])
                print ""
        }
}

# Called before each row: a table without any has no heading either.
function heading(   w)
{
        if (headings++)
                return
        if (kind == "goals")
                print "| job | file | threads | plain mmap | goal | pwrite | goal | fallocate + " \
                        "pwrite |\n|---|---|---|---|---|---|---|---|"
        else if (kind == "short")
                print "| job | plain mmap | pwrite | by hand |\n|---|---|---|---|"
        else if (kind == "written")
                print "| job | rmmap | with hints | plain mmap | pwrite |\n|---|---|---|---|---|"
        else if (kind == "latency")
                print "| job | way | p50 | p99 | p99.9 | max |\n|---|---|---|---|---|---|"
        else if (kind == "memory") {
                printf "| MiB |"
                for (w = 1; w <= ways; w++)
                        printf " %s |", words_of[way[w]]
                print "\n|---|---|---|---|---|---|---|"
        }
}

function print_row(i, of)
{
        if (kind == "goals")
                goals_row(i, of)
        else if (kind == "short")
                short_row(i, of)
        else if (kind == "written")
                written_row(i, of)
        else if (kind == "latency")
                latency_row(i, of)
        else
                memory_row(i, of)
}

END {
        if (regrets)
                print_regrets()
        else if (lines_count)
                plain()
        for (i = 1; i <= rows; i++)
                if (ran(of_row[i], "rmmap"))
                        print_row(i, of_row[i])
}
