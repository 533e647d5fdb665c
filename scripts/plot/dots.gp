# Dots: id.dots (y, value, low, high, name, figures), id.heads (y, text of a section), ticks in id.xt.
set xlabel words_x
unset ylabel
if (xlog) { set logscale x 10 } else { unset logscale x }
set xrange [xmin:xmax]
set yrange [0.3:rows + 0.7]
set y2range [0.3:rows + 0.7]
set y2tics
set lmargin left * 0.95 + 3
set rmargin right * 0.95 + 3
set border 1
set tics scale 0
set xtics scale 0.5
set grid xtics ls 12
unset key
plot \
	id.'.xt' using 1:(0.3):xticlabels(2) with points pt 7 ps 0 lc rgb "#ffffff", \
	id.'.dots' using (xmin):1:(xmax - xmin):(0):yticlabels(5) with vectors nohead ls 12, \
	id.'.dots' using 2:1:3:4:y2ticlabels(6) with xerrorbars ls 1 ps 0.75 lw 1.4 axes x1y2, \
	for [i = 1 : (heads > 0)] id.'.heads' using (xmin):1:2 with labels left offset char 0.4,0 font "Helvetica:Bold,12" textcolor rgb "#000000"
