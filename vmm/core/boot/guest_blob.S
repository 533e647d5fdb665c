/* The guest's ELF inside the binary, and its SHA-256, which a run would need a millisecond for. */
	.section .rodata
	.globl	guest_blob, guest_blob_end, guest_blob_sha256
	.balign	16
guest_blob:
	.incbin	GUEST_ELF_PATH
guest_blob_end:
guest_blob_sha256:
	.asciz	GUEST_SHA256
	.section .note.GNU-stack, "", @progbits
