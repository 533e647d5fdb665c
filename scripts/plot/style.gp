# What all pictures share. Colours: Okabe and Ito's, that the colour-blind tell apart; yellow is left out, it is too pale
# for paper. Each has a dash type and a mark of its own, for print in black and white.
set style line 1 lc rgb "#0072B2" lw 1.8 pt 7 ps 0.7 dt solid
set style line 2 lc rgb "#D55E00" lw 1.8 pt 5 ps 0.65 dt (9,4)
set style line 3 lc rgb "#009E73" lw 1.8 pt 9 ps 0.85 dt (3,3)
set style line 4 lc rgb "#CC79A7" lw 1.8 pt 13 ps 0.85 dt (10,3,2,3)
set style line 5 lc rgb "#000000" lw 1.4 pt 6 ps 0.8 dt (14,5)
set style line 6 lc rgb "#E69F00" lw 1.8 pt 4 ps 0.75 dt (6,3,6,3,2,3)
set style line 7 lc rgb "#56B4E9" lw 1.8 pt 8 ps 0.9 dt (2,2,2,6)
set style line 8 lc rgb "#606060" lw 1.4 pt 2 ps 0.8 dt (5,2)
# What is beside the matter: baseline, marks, grid.
set style line 10 lc rgb "#9a9a9a" lw 0.9 dt solid
set style line 11 lc rgb "#555555" lw 1.0 dt (2,3)
set style line 12 lc rgb "#e4e4e4" lw 0.7 dt solid
set tmargin 3
set border 3 lc rgb "#444444" lw 0.8
set tics nomirror out scale 0.5 textcolor rgb "#222222"
set title title textcolor rgb "#000000" font "Helvetica:Bold,13" offset 0,-0.4
set errorbars small
