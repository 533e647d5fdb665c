/* The guest's ELF inside the binary. */
	.section .rodata
	.globl	guest_blob, guest_blob_end
	.balign	16
guest_blob:
	.incbin	GUEST_ELF_PATH
guest_blob_end:
	.section .note.GNU-stack, "", @progbits
