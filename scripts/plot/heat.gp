# A matrix: id.full (x y shade figure interval refs), id.empty (x y state figure), names in id.xt and id.yt.
set xlabel words_x
set ylabel words_y
set xrange [-0.5:columns - 0.5]
set yrange [-0.5:rows - 0.5]
set cbrange [0:1]
set palette defined (0 "#f5f9fd", 1 "#6aaed6")
unset colorbox
unset key
unset grid
set border 0
set tics scale 0
h = 0.48
plot \
	id.'.xt' using 1:(-0.5):xticlabels(2) with points pt 7 ps 0 lc rgb "#ffffff", \
	id.'.yt' using (-0.5):1:yticlabels(2) with points pt 7 ps 0 lc rgb "#ffffff", \
	for [i = 1 : (full > 0)] id.'.full' using 1:2:($1 - h):($1 + h):($2 - h):($2 + h):3 with boxxyerror fs solid border lc rgb "#888888" lc palette, \
	for [i = 1 : (empty > 0)] id.'.empty' using 1:2:($1 - h):($1 + h):($2 - h):($2 + h) with boxxyerror fs pattern 4 border lc rgb "#888888" lc rgb "#bbbbbb", \
	for [i = 1 : (empty > 0)] id.'.empty' using 1:2:($1 - 0.4):($1 + 0.4):($2 - 0.2):($2 + 0.2) with boxxyerror fs solid noborder lc rgb "#ffffff", \
	for [i = 1 : (full > 0)] id.'.full' using 1:($2 + 0.2):4 with labels font "Helvetica:Bold,15", \
	for [i = 1 : (full > 0)] id.'.full' using 1:($2 - 0.06):5 with labels font ",11", \
	for [i = 1 : (full > 0)] id.'.full' using 1:($2 - 0.3):6 with labels font ",10" textcolor rgb "#333333", \
	for [i = 1 : (empty > 0)] id.'.empty' using 1:2:3 with labels font ",11" textcolor rgb "#222222"
