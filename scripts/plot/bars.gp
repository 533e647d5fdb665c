# Bars: id.bars (blocks: name; x value low high text), id.heads (x, text), id.steps (x), id.absent (x, text), id.xt, id.yt.
slanted = groups > 8
narrow = groups * kinds > 18
unset xlabel
set ylabel words_y
if (ylog) { set logscale y 10 } else { unset logscale y }
set xrange [-0.6:groups - 0.4]
set yrange [ymin:ymax]
set grid ytics ls 12
set key at graph 0, screen 0.015 left bottom Left reverse vertical samplen 2.5 spacing 1.15
set bmargin (slanted ? 5 : 3) + 1.2 * kinds
set xtics rotate by (slanted ? -25 : 0)
set rmargin (slanted ? 8 : 2)
at(share) = ylog ? ymin * (ymax / ymin) ** share : ymin + (ymax - ymin) * share
array colour[3] = [0xf0f0f0, 0x56B4E9, 0x0072B2]
array filled[3] = [0, 4, 3]
plot \
	id.'.xt' using 1:(ymin):xticlabels(2) with points pt 7 ps 0 lc rgb "#ffffff" notitle, \
	id.'.yt' using (-0.6):1:yticlabels(2) with points pt 7 ps 0 lc rgb "#ffffff" notitle, \
	for [i = 1 : kinds] id.'.bars' index i - 1 using 1:2:($1 - half * 0.94):($1 + half * 0.94):(ymin):2 with boxxyerror \
		lc rgb colour[style[i]] fs solid border lc rgb "#222222" title columnheader(1), \
	for [i = 1 : kinds] id.'.bars' index i - 1 using 1:3:(0):($4 - $3) with vectors heads size screen 0.003,90 lc rgb "#000000" lw 1.2 notitle, \
	for [i = 1 : (narrow ? 0 : kinds)] id.'.bars' index i - 1 using 1:4:5 with labels offset char 0,0.7 font ",9" notitle, \
	for [i = 1 : (narrow ? kinds : 0)] id.'.bars' index i - 1 using 1:4:5 with labels left rotate by 90 \
		offset char 0,0.4 font ",9" notitle, \
	for [i = 1 : (steps > 0)] id.'.steps' using 1:(ymin):(0):(ymax - ymin) with vectors nohead ls 11 notitle, \
	for [i = 1 : (absent > 0)] id.'.absent' using 1:(at(0.02)):2 with labels left rotate by 90 font ",10" textcolor rgb "#555555" notitle, \
	id.'.heads' using 1:(at(0.96)):2 with labels font "Helvetica:Bold,12" notitle
