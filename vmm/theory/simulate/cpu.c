/*
 * A CPU's parameters, and the descriptions that they come from, as text: those inside the binary and those in files.
 * Anything may be in the text of a file.
 */
#include "vmm/theory/simulate/cpu.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "units.h"
#include "vmm/util/file.h"
#include "vmm/util/pairs.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

const struct cpu_parameter_info cpu_parameters[CPU_PARAMETER_COUNT] = {
#define PARTS(kind) ((kind) == KIND_CYCLES ? CYCLE_PARTS : 1)
#define PARAMETER(id, name, kind, least, most) \
	[CPU_##id] = { name, kind, (least)*PARTS(kind), (most)*PARTS(kind) },
#include "vmm/theory/simulate/parameters.def"
#undef PARAMETER
};

const struct cpu_cache cpu_caches[CPU_CACHES] = {
	{ CPU_L1D_BYTES, CPU_L1D_WAYS, CPU_L1D_CYCLES },
	{ CPU_L2_BYTES, CPU_L2_WAYS, CPU_L2_CYCLES },
	{ CPU_L3_BYTES, CPU_L3_WAYS, CPU_L3_CYCLES },
};

bool cpu_parameter_fits(enum cpu_parameter parameter, uint64_t value)
{
	const struct cpu_parameter_info *p = &cpu_parameters[parameter];

	return value >= p->least && value <= p->most &&
	       (p->kind != KIND_POWER || value == 0 || is_pow2(value));
}

const char *parameter_word(enum parameter_kind kind, uint64_t value)
{
	static const char *const switches[PARAMETER_WORDS] = { "no", "yes" };
	static const char *const arrays[PARAMETER_WORDS] = { "own", "4K", "2M" };

	if (value >= PARAMETER_WORDS)
		return NULL;
	return kind == KIND_SWITCH ? switches[value] : kind == KIND_ARRAY ? arrays[value] : NULL;
}

void parameter_text(enum parameter_kind kind, uint64_t value, char *text, size_t bytes)
{
	const char *word = parameter_word(kind, value);
	unsigned long long number = kind == KIND_CYCLES ? value / CYCLE_PARTS : value;
	char size[24];

	text[0] = '\0';
	if (word != NULL || kind == KIND_BYTES)
		append(text, bytes, "%s", word != NULL ? word : size_format(value, size));
	else if (kind == KIND_CYCLES && value % CYCLE_PARTS != 0)
		append(text, bytes, "%llu.%02llu", number, (unsigned long long)(value % CYCLE_PARTS));
	else
		append(text, bytes, "%llu", number);
}

const struct names cpu_origin_names =
	NAMES_OF([ORIGIN_SOURCE] = "source", [ORIGIN_UNCERTAIN] = "uncertain", [ORIGIN_CPUID] = "CPUID",
		 [ORIGIN_MEASURED] = "measured", [ORIGIN_ASSUMED] = "assumed");

uint32_t cpu_count_origin(const struct cpu_model *cpu, enum cpu_origin origin)
{
	uint32_t count = 0;

	for (int i = 0; i < CPU_PARAMETER_COUNT; i++)
		count += cpu->origin[i] == origin;
	return count;
}

double cpu_cycles(const struct cpu_model *cpu, enum cpu_parameter parameter)
{
	return (double)cpu->parameter[parameter] / (double)CYCLE_PARTS;
}

/* In parameters.def the sets, the ways and the _IN of an array follow each other; the array of 4K pages has no _IN. */
struct cpu_tlb cpu_tlb(const struct cpu_model *cpu, bool stlb, uint64_t leaf_bytes)
{
	const uint64_t *parameter = cpu->parameter;
	uint32_t sets = stlb ? CPU_STLB_4K_SETS : CPU_DTLB_4K_SETS;
	uint64_t array_bytes, in = 0;
	bool smashed;

	if (cpu->fracture_bytes != 0 && cpu->fracture_bytes < leaf_bytes)
		leaf_bytes = cpu->fracture_bytes;
	smashed = stlb && leaf_bytes == PAGE_1G && parameter[CPU_STLB_1G_SMASHED] != 0;
	array_bytes = leaf_bytes;
	if (array_bytes == PAGE_1G)
		in = smashed ? 2 : parameter[stlb ? CPU_STLB_1G_IN : CPU_DTLB_1G_IN];
	if (in != 0)
		array_bytes = in == 1 ? PAGE_4K : PAGE_2M;
	if (array_bytes == PAGE_2M && parameter[stlb ? CPU_STLB_2M_IN : CPU_DTLB_2M_IN] != 0)
		array_bytes = PAGE_4K;
	if (array_bytes != PAGE_4K)
		sets = array_bytes == PAGE_2M ? (stlb ? CPU_STLB_2M_SETS : CPU_DTLB_2M_SETS)
					      : (stlb ? CPU_STLB_1G_SETS : CPU_DTLB_1G_SETS);
	return (struct cpu_tlb){
		.array_bytes = array_bytes,
		.entry_bytes = smashed ? PAGE_2M : leaf_bytes,
		.sets = parameter[sets + 1] != 0 ? (uint32_t)parameter[sets] : 0,
		.ways = (uint32_t)parameter[sets + 1],
		.hashed = parameter[stlb ? CPU_STLB_HASHED : CPU_DTLB_HASHED] != 0,
	};
}

_Static_assert(CPU_DTLB_4K_WAYS == CPU_DTLB_4K_SETS + 1 && CPU_DTLB_2M_WAYS == CPU_DTLB_2M_SETS + 1 &&
		       CPU_DTLB_1G_WAYS == CPU_DTLB_1G_SETS + 1 && CPU_STLB_4K_WAYS == CPU_STLB_4K_SETS + 1 &&
		       CPU_STLB_2M_WAYS == CPU_STLB_2M_SETS + 1 && CPU_STLB_1G_WAYS == CPU_STLB_1G_SETS + 1,
	       "ways follow sets");

struct parser {
	const char *where;
	uint32_t line;
	bool seen[CPU_PARAMETER_COUNT];
	bool title, unit;
	struct cpu_model *cpu;
	struct error *e;
};

static int fault(struct parser *p, struct span s, const char *what)
{
	char where[80], text[48];

	(void)span_copy(s, text, sizeof(text));
	where[0] = '\0';
	append(where, sizeof(where), "%.60s:%u", p->where, p->line);
	return error_set(p->e, STATUS_USAGE, 0, where, "\"%s\": %s", text, what);
}

/* Digits alone. */
static bool parse_number(struct span s, uint64_t *value)
{
	return digits_parse(&s.start, s.end, value) == 0 && span_is_empty(s);
}

/* Digits, and K, M or G. */
static bool parse_bytes(struct span s, uint64_t *value)
{
	char c = span_is_empty(s) ? '\0' : s.end[-1];
	uint64_t unit = c == 'K' ? KIB : c == 'M' ? MIB : c == 'G' ? GIB : 1;

	s.end -= unit != 1;
	return parse_number(s, value) && checked_mul(*value, unit, value);
}

/* "46" or "4.65", in hundredths. */
static bool parse_cycles(struct span s, uint64_t *value)
{
	struct span decimals, whole = span_cut(s, '.', &decimals);
	uint64_t rest = 0;

	if (!parse_number(whole, value) || !checked_mul(*value, CYCLE_PARTS, value))
		return false;
	if (!span_has(s, '.'))
		return true;
	if (decimals.end - decimals.start > 2 || !parse_number(decimals, &rest))
		return false;
	return checked_add(*value, decimals.end - decimals.start == 1 ? rest * 10 : rest, value);
}

static bool parse_value(struct span s, enum cpu_parameter parameter, uint64_t *value)
{
	enum parameter_kind kind = cpu_parameters[parameter].kind;
	bool known;

	if (parameter_word(kind, 0) != NULL) {
		for (*value = 0; *value < PARAMETER_WORDS; (*value)++) {
			const char *word = parameter_word(kind, *value);

			if (word != NULL && span_is(s, word))
				return cpu_parameter_fits(parameter, *value);
		}
		return false;
	}
	known = kind == KIND_CYCLES  ? parse_cycles(s, value)
		: kind == KIND_BYTES ? parse_bytes(s, value)
				     : parse_number(s, value);
	return known && cpu_parameter_fits(parameter, *value);
}

/* What a value of the kind is, for an error. */
static const char *kind_name(enum parameter_kind kind)
{
	switch (kind) {
	case KIND_POWER:
		return "the power of two, or 0,";
	case KIND_BYTES:
		return "the size (digits, and K, M or G)";
	case KIND_SWITCH:
	case KIND_ARRAY:
		return "the word";
	case KIND_CYCLES:
		return "the number of cycles (two decimals at most)";
	default:
		return "the number";
	}
}

static int parse_parameter(struct parser *p, enum cpu_parameter parameter, struct span value,
			   struct span source)
{
	const struct cpu_parameter_info *info = &cpu_parameters[parameter];
	char what[160] = "", least[24], most[24];

	if (p->seen[parameter])
		return fault(p, value, "this figure was given before");
	p->seen[parameter] = true;
	p->cpu->origin[parameter] = ORIGIN_SOURCE;
	if (!span_is_empty(value) && value.end[-1] == '?') {
		p->cpu->origin[parameter] = ORIGIN_UNCERTAIN;
		value.end--;
		value = span_trim(value);
	}
	(void)span_copy(source, p->cpu->source[parameter], sizeof(p->cpu->source[parameter]));
	if (parse_value(value, parameter, &p->cpu->parameter[parameter]))
		return 0;
	append(what, sizeof(what), "%s of %s is ", kind_name(info->kind), info->name);
	if (parameter_word(info->kind, 0) != NULL) {
		for (uint64_t word = info->least; word <= info->most; word++)
			append(what, sizeof(what), "%s%s", word == info->least ? "" : " or ",
			       parameter_word(info->kind, word));
	} else {
		parameter_text(info->kind, info->least, least, sizeof(least));
		parameter_text(info->kind, info->most, most, sizeof(most));
		append(what, sizeof(what), "from %s to %s", least, most);
	}
	return fault(p, value, what);
}

static int parse_name(struct parser *p, struct span name, struct span value, struct span source)
{
	char names[sizeof(p->e->hint)];

	if (span_is(name, "title")) {
		(void)span_copy(value, p->cpu->title, sizeof(p->cpu->title));
		p->title = true;
		return 0;
	}
	if (span_is(name, "unit")) {
		(void)span_copy(value, p->cpu->unit, sizeof(p->cpu->unit));
		p->unit = true;
		return span_is(value, "core cycles") || span_is(value, "TSC cycles")
			       ? 0
			       : fault(p, value, "the unit is \"core cycles\" or \"TSC cycles\"");
	}
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		if (span_is(name, cpu_parameters[i].name))
			return parse_parameter(p, (enum cpu_parameter)i, value, source);
	}
	(void)fault(p, name, "a CPU description has no such figure");
	names[0] = '\0';
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++)
		append(names, sizeof(names), ", %s", cpu_parameters[i].name);
	error_hint(p->e, "title, unit%s", names);
	return -EINVAL;
}

static int parse_line(struct parser *p, const struct pair *line)
{
	if (span_is_empty(line->text))
		return 0;
	if (!line->equals)
		return fault(p, line->text, "a line is \"name = value  # source\"");
	return parse_name(p, line->name, line->value, line->comment);
}

/* "zen3" of "some/where/zen3.cpu". */
static void name_cpu(const char *where, struct cpu_model *cpu)
{
	const char *slash = strrchr(where, '/');
	struct span s = { slash != NULL ? slash + 1 : where, where + strlen(where) };

	if (s.end - s.start > 4 && memcmp(s.end - 4, ".cpu", 4) == 0)
		s.end -= 4;
	(void)span_copy(s, cpu->name, sizeof(cpu->name));
}

int cpu_parse(const char *where, const char *text, size_t bytes, struct cpu_model *cpu, struct error *e)
{
	struct parser p = { .where = where, .cpu = cpu, .e = e };
	struct span rest = { text, text + bytes };
	struct pair line;

	memset(cpu, 0, sizeof(*cpu));
	name_cpu(where, cpu);
	for (p.line = 1; pair_next(&rest, PAIR_STRICT, &line); p.line++) {
		int ret = parse_line(&p, &line);

		if (ret != 0)
			return ret;
	}
	if (!p.title || !p.unit)
		return error_set(e, STATUS_USAGE, 0, where,
				 "a CPU description has a line \"%s\", which is missing",
				 p.title ? "unit = core cycles" : "title = TEXT");
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		if (!p.seen[i])
			return error_set(e, STATUS_USAGE, 0, where, "the figure %s is missing",
					 cpu_parameters[i].name);
	}
	return 0;
}

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

uint32_t cpu_count(void)
{
	return COUNT_OF(embedded);
}

const char *cpu_name(uint32_t number)
{
	return number < COUNT_OF(embedded) ? embedded[number].name : NULL;
}

static int read_file(const char *path, struct cpu_model *cpu, struct error *e)
{
	char *text = NULL;
	size_t bytes;
	int fd = file_open(path, true);
	int ret = fd < 0 ? fd : file_read(fd, FILE_ANY, CPU_FILE_MOST_BYTES, &text, &bytes);

	if (fd >= 0)
		(void)close(fd);
	if (ret == -EFBIG) {
		/* The caller gets E2BIG; its text (argument list too long) would mislead a reader and is left out. */
		(void)error_set(e, STATUS_USAGE, 0, path, "a CPU description has at most %u bytes",
				CPU_FILE_MOST_BYTES);
		ret = -E2BIG;
	} else if (ret == -ENOMEM) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, path, "no memory for the CPU description");
	} else if (ret != 0) {
		(void)error_set(e, STATUS_USAGE, -ret, path, "cannot read the CPU description%s",
				file_why(ret));
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

	for (size_t i = 0; i < COUNT_OF(embedded); i++) {
		const struct embedded *c = &embedded[i];

		if (strcmp(name, c->name) == 0)
			return cpu_parse(c->where, c->start, (size_t)(c->end - c->start), cpu, e);
		append(names, sizeof(names), "%s%s", i == 0 ? "" : ", ", c->name);
	}
	ret = read_file(name, cpu, e);
	if (ret == -ENOENT)
		error_hint(e, "--cpu takes %s, host, or the path of a description", names);
	return ret;
}
