# SPDX-License-Identifier: MIT OR Apache-2.0
# gnuplot -c scaling.gp DIRECTORY OUTPUT FORMAT "SCENARIO ..." CAPTION
# GiB/s over the number of threads: a panel per scenario, a curve per engine.
load system(sprintf("dirname '%s'", ARG0))."/colours.gp"
count = words(ARG4)
across = count < 3 ? count : 3
down = (count + across - 1) / across
if (ARG3 eq "png") {
        set terminal pngcairo size 420 * across, 60 + 340 * down font "Sans,10" background "white"
} else {
        set terminal svg size 420 * across, 60 + 340 * down font "Sans,12" background "white"
}
set output ARG2
set multiplot layout down, across title sprintf("GiB/s by threads\n{/*0.8 %s}", ARG5)
set xlabel "threads"
set yrange [0:*]
set logscale x 2
set xtics (1, 2, 4, 8, 12, 16, 32, 64)
set grid
# In the corner, once for all panels.
set key at screen 0.99, screen 0.99 right top font ",8"
set offsets graph 0, 0, 0.05, 0
do for [name in ARG4] {
        table = sprintf("%s/%s", ARG1, name)
        names = system(sprintf("sed -n 's/^\"\\(.*\\)\"$/\\1/p' '%s'", table))
        set xrange [*:*]
        stats table using 1 nooutput
        set xrange [0.9:STATS_max * 1.15]
        set title system(sprintf("cat '%s.title'", table)) noenhanced
        plot for [i = 1:words(names)] table index i - 1 using 1:2 \
                with linespoints linewidth 2 pointtype 7 pointsize 0.6 \
                linecolor rgb colour(word(names, i)) title words_of(word(names, i)) noenhanced
        unset key
}
unset multiplot
