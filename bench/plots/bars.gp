# SPDX-License-Identifier: MIT OR Apache-2.0
# gnuplot -c bars.gp TABLE OUTPUT FORMAT TITLE CAPTION
# A group of bars per scenario; how many times as fast as plain mmap each engine is. In
# TABLE \n ends a line of the words below a group.
load system(sprintf("dirname '%s'", ARG0))."/colours.gp"
names = system(sprintf("head -n 1 '%s'", ARG1))
rows = int(system(sprintf("wc -l <'%s'", ARG1))) - 1
width = 380 + 155 * rows
width = width < 900 ? 900 : width
if (ARG3 eq "png") {
        set terminal pngcairo size width, 480 font "Sans,10" background "white"
} else {
        set terminal svg size width, 480 font "Sans,12" background "white"
}
set output ARG2
set title sprintf("%s\n{/*0.8 %s}", ARG4, ARG5)
set ylabel "times as fast as plain mmap"
set datafile missing "?"
set style data histograms
set style histogram clustered gap 1
set style fill solid 1.0 noborder
set boxwidth 0.9
set offsets 0, 0, 0.4, 0.4
set ytics ()
do for [power = -10:10] {
        set ytics add (sprintf("%g", 2.0 ** power) power)
}
set grid ytics
set xzeroaxis linetype 1 linecolor "black" linewidth 2
set key outside right top reverse Left
set xtics nomirror
set bmargin 5
plot for [i = 2:words(names)] ARG1 skip 1 using i:xtic(1) \
        linecolor rgb colour(word(names, i)) title words_of(word(names, i)) noenhanced
