# Curves: id.curves (blocks: name; x y low high), id.greys, id.marks (x, text), ticks in id.xt and id.yt.
set xlabel words_x
set ylabel words_y
if (xlog) { set logscale x 2 } else { unset logscale x }
if (ylog) { set logscale y 10 } else { unset logscale y }
set xrange [xmin:xmax]
set yrange [ymin:ymax]
set grid xtics ytics ls 12
set key at graph 0, screen 0.015 left bottom Left reverse vertical maxrows keyrows samplen 4 spacing 1.15 width 1
set bmargin 4.4 + 1.2 * keyrows
at_top(share) = ylog ? ymin * (ymax / ymin) ** share : ymin + (ymax - ymin) * share
plot \
	id.'.xt' using 1:(ymin):xticlabels(2) with points pt 7 ps 0 lc rgb "#ffffff" notitle, \
	id.'.yt' using (xmin):1:yticlabels(2) with points pt 7 ps 0 lc rgb "#ffffff" notitle, \
	for [i = 1 : greys] id.'.greys' index i - 1 using 1:2 with lines ls 10 title (i == 1 ? "packed" : ""), \
	for [i = 1 : (marks > 0)] id.'.marks' using 1:(ymin):(0):(ymax - ymin) with vectors nohead ls 11 notitle, \
	for [i = 1 : curves] id.'.curves' index i - 1 using 1:3:(0):($4 - $3) with vectors heads size screen 0.003,90 \
		ls style[i] dt solid lw 1.1 notitle, \
	for [i = 1 : curves] id.'.curves' index i - 1 using 1:2 with linespoints ls style[i] title columnheader(1), \
	for [i = 1 : (marks > 0)] id.'.marks' using 1:(at_top(0.985)):2 with labels right rotate by 90 offset char -0.7,0 \
		font ",9" textcolor rgb "#333333" notitle
