/* The filters that filter_maker.c made. */
	.section .rodata
	.balign 8
	.globl filter_image
	.hidden filter_image
filter_image:
	.incbin FILTERS_PATH
	.section .note.GNU-stack, "", @progbits
