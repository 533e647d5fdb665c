/*
 * Debian's libfdt is compiled with the stack protector: what it calls when a stack frame was overwritten.
 */

__attribute__((noreturn)) void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	/* #UD: a panic whose rip names this function. */
	__builtin_trap();
}
