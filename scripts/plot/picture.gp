# One picture, as SVG and as PNG: gnuplot -e "id = 'p1'; kind = 'lines'; parts = 'scripts/plot'" picture.gp
# Words come from data files only; id.par holds numbers only.
set encoding utf8
set datafile separator "\t"
set loadpath parts
load id.'.par'
title = system("sed -n 1p ".id.".text")
words_x = system("sed -n 2p ".id.".text")
words_y = system("sed -n 3p ".id.".text")
load 'style.gp'

set terminal svg noenhanced size width,height name id font "Helvetica,12" background "#ffffff"
set output id.'.svg'
load kind.'.gp'
set terminal pngcairo noenhanced size 2*width,2*height font "sans,12" fontscale 1.7 linewidth 2 pointscale 2
set output id.'.png'
load kind.'.gp'
set output
