/*
 * The descriptions inside the binary, and those in files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/theory/simulate/cpu.h"
#include "vmm/util/append.h"
#include "vmm/util/file.h"

/* The assembler reads the files; the build starts it at the root of the tree. */
#define CPU(name)                                                                               \
	extern const char cpu_##name[], cpu_##name##_end[];                                     \
	__asm__(".section .rodata\n.globl cpu_" #name ", cpu_" #name "_end\n"                   \
		"cpu_" #name ": .incbin \"vmm/theory/simulate/cpus/" #name ".cpu\"\ncpu_" #name \
		"_end:\n.previous\n");
#include "vmm/theory/simulate/cpus.def"
#undef CPU

static const struct embedded {
	const char *name, *where, *start, *end;
} embedded[] = {
#define CPU(name) { #name, "vmm/theory/simulate/cpus/" #name ".cpu", cpu_##name, cpu_##name##_end },
#include "vmm/theory/simulate/cpus.def"
#undef CPU
};

#define COUNT (sizeof(embedded) / sizeof(embedded[0]))

uint32_t cpu_count(void)
{
	return COUNT;
}

const char *cpu_name(uint32_t number)
{
	return number < COUNT ? embedded[number].name : NULL;
}

int cpu_read(const char *path, struct cpu_model *cpu, struct error *e)
{
	char *text = NULL;
	size_t bytes;
	int fd = file_open(path, true);
	int ret = fd < 0 ? fd : file_read(fd, FILE_ANY, CPU_FILE_MOST_BYTES, &text, &bytes);

	if (fd >= 0)
		(void)close(fd);
	if (ret == -EFBIG) {
		/* E2BIG is for the caller; to a person its text speaks of arguments. */
		(void)error_set(e, STATUS_USAGE, 0, path, "a CPU description has at most %u bytes",
				CPU_FILE_MOST_BYTES);
		ret = -E2BIG;
	} else if (ret == -ENOMEM) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, path, "no memory for the CPU description");
	} else if (ret != 0) {
		(void)error_set(e, STATUS_USAGE, -ret, path, "cannot read the CPU description");
	} else {
		ret = cpu_parse(path, text, bytes, cpu, e);
	}
	free(text);
	return ret;
}

int cpu_load(const char *name, struct cpu_model *cpu, struct error *e)
{
	char names[128] = "";
	int ret;

	for (size_t i = 0; i < COUNT; i++) {
		const struct embedded *c = &embedded[i];

		if (strcmp(name, c->name) == 0)
			return cpu_parse(c->where, c->start, (size_t)(c->end - c->start), cpu, e);
		append(names, sizeof(names), "%s%s", i == 0 ? "" : ", ", c->name);
	}
	ret = cpu_read(name, cpu, e);
	if (ret == -ENOENT)
		error_hint(e, "--cpu takes %s, host, or the path of a description", names);
	return ret;
}
