# SPDX-License-Identifier: MIT OR Apache-2.0
# The drawing "which way wins where" as SVG, of what results.awk read. See bench/table. The fourth
# field of a row is its group.
BEGIN {
        width = 900; left = 330; right = 720; most = 10; line_height = 26; group_height = 26
        mark_size = 12; lane_height = 7
        drawn = split("rmmap mmap pwrite tuned direct", way, " ")
        words_of["rmmap"] = "the library, no hint given"
        words_of["tuned"] = "fallocate + pwrite + early write-back"
}

# The natural logarithm of a number from 1 to 10: not every awk has one.
function logarithm(number,   z, power, sum, i)
{
        z = power = (number - 1) / (number + 1)
        for (i = 1; i < 80; i += 2) {
                sum += power / i
                power *= z * z
        }
        return 2 * sum
}

# The axis is logarithmic.
function x_of(ratio)
{
        return left + (right - left) * logarithm(ratio) / logarithm(most)
}

function say(x, y, what, more)
{
        gsub(/&/, "\\&amp;", what)
        gsub(/</, "\\&lt;", what)
        printf "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x, y, more, what
}

function line(x1, y1, x2, y2, class)
{
        printf "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", class, x1, y1, x2, y2
}

# Each way has a shape of its own, not only a color.
function mark(engine, x, y)
{
        if (engine == "rmmap")
                printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"6.5\" class=\"%s\"/>\n", x, y, engine
        else {
                printf "<path transform=\"translate(%.1f %.1f)\" class=\"%s\" d=\"", x, y, engine
                printf "%s\"/>\n", engine == "mmap" ? "M0 -6L5.5 4.5H-5.5Z" : \
                        engine == "pwrite" ? "M-4.5 -4.5H4.5V4.5H-4.5Z" : \
                        engine == "tuned" ? "M0 -6L5.5 0L0 6L-5.5 0Z" : \
                        "M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5"
        }
}

function begin(height)
{
        printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ",
                width, height
        printf "viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title\" ", width, height
        print "font-family=\"sans-serif\" font-size=\"13\" fill=\"#1a1a1a\">"
        print "<title id=\"title\">Which way of writing or reading is fastest for which job</title>"
        print "<style>"
        print ".grid { stroke: #dddddd } .one { stroke: #888888 } .span { stroke: #999999 }"
        print "path { fill: none }"
        print ".band { fill: #000000; fill-opacity: 0.05 }"
        print ".rmmap { fill: #d55e00; stroke: #000000; stroke-width: 1.5 }"
        print ".mmap { fill: #0072b2; stroke: #ffffff }"
        print ".pwrite { fill: #00795a; stroke: #ffffff }"
        print ".tuned { fill: #ffffff; stroke: #a8457f; stroke-width: 2 }"
        print ".direct { stroke: #333333; stroke-width: 2.5 }"
        print "</style>"
        printf "<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" ", width - 1, height - 1
        print "rx=\"6\" fill=\"#ffffff\" stroke=\"#cccccc\"/>"
}

function head(   x, d)
{
        say(20, 32, "Which way wins where", " font-size=\"20\" font-weight=\"bold\"")
        say(20, 54, "Time divided by that of the fastest way in the row: at 1, on the left, a " \
                "way is the fastest; at 2 it takes twice as long.")
        x = 28
        for (d = 1; d <= drawn; d++) {
                if (!(way[d] in used))
                        continue
                mark(way[d], x, 77)
                say(x + 14, 81.5, words_of[way[d]], d == 1 ? " font-weight=\"bold\"" : "")
                x += 44 + 6.5 * length(words_of[way[d]])
        }
}

function axis(top, bottom,   ticks, tick, i, x)
{
        ticks = split("1 1.2 1.5 2 3 5 10", tick, " ")
        for (i = 1; i <= ticks; i++) {
                x = x_of(tick[i])
                line(x, top, x, bottom, tick[i] == 1 ? "one" : "grid")
                say(x, top - 6, tick[i] "x", " text-anchor=\"middle\"")
        }
        say(right + 22, top - 6, "more than 10x")
}

# Is another mark of the row so near in this lane that the two would overlap?
function taken(x, lane,   i)
{
        for (i = 1; i <= placed; i++)
                if (lane_of[i] == lane && x - place[i] < mark_size && place[i] - x < mark_size)
                        return 1
        return 0
}

# The first of three lanes that is free there.
function find_lane(x,   lane)
{
        for (lane = 0; lane < 2 && taken(x, lane); lane++)
                ;
        place[++placed] = x
        lane_of[placed] = lane
        return lane == 0 ? 0 : lane == 1 ? -lane_height : lane_height
}

function fastest(of,   d, least)
{
        for (d = 1; d <= drawn; d++)
                if (ran(of, way[d]) && (least == 0 || result(of, way[d], "median") < least))
                        least = result(of, way[d], "median")
        return least
}

# The marks of a row. What doesn't fit on the axis stands at its right, with the number. The library
# gets the first lane, and is drawn last, above the others.
function marks(of, y,   d, least, ratio, x, shift, furthest, beyond)
{
        least = fastest(of)
        furthest = left
        placed = 0
        for (d = 1; d <= drawn; d++) {
                ratio[d] = ran(of, way[d]) ? result(of, way[d], "median") / least : 0
                if (ratio[d] > most) {
                        x[d] = right + 28 + 52 * beyond++
                        say(x[d] + 10, y + 4.5, sprintf("%.0f", ratio[d]))
                } else if (ratio[d] > 0) {
                        x[d] = x_of(ratio[d])
                        shift[d] = find_lane(x[d])
                        furthest = x[d] > furthest ? x[d] : furthest
                }
        }
        line(left, y, furthest, y, "span")
        for (d = drawn; d >= 1; d--)
                if (d in x)
                        mark(way[d], x[d], y + shift[d])
}

# How many ways the library is compared with in a row.
function compared(of,   d, others)
{
        for (d = 2; d <= drawn; d++)
                if (ran(of, "rmmap") && ran(of, way[d])) {
                        others++
                        used[way[d]] = used["rmmap"] = 1
                }
        return others
}

END {
        y = top = 128
        for (i = 1; i <= rows; i++)
                if (compared(of_row[i])) {
                        y += fourth[i] == group ? line_height : line_height + group_height
                        group = fourth[i]
                        height[i] = y
                }
        bottom = y + line_height / 2 + 4
        begin(bottom + 34)
        head()
        axis(top, bottom)
        group = ""
        for (i = 1; i <= rows; i++) {
                if (!(i in height))
                        continue
                y = height[i]
                if (fourth[i] != group)
                        say(20, y - line_height + 3, fourth[i], " font-weight=\"bold\"")
                group = fourth[i]
                if (i % 2 == 0)
                        printf "<path class=\"band\" d=\"M20 %.1fH%dV%.1fH20Z\"/>\n",
                                y - line_height / 2, width - 20, y + line_height / 2
                say(36, y + 4.5, job[i])
                marks(of_row[i], y)
        }
        say(20, bottom + 20, "Medians on such a machine: " machine ".", " font-size=\"12\"")
        print "</svg>"
}
