#include "vmm/cli/options.h"

#include <string.h>

#include "abi.h"

static const struct names switch_names = NAMES_OF("off", "on");

/* A compile error where the member has another type. */
#define BYTES(type, member) _Generic(((struct request *)0)->member, type : sizeof(type))
#define MEMBER(type, member) .at = offsetof(struct request, member), .bytes = BYTES(type, member)
#define SET(type, member, value) .parse = set_fixed, MEMBER(type, member), .min = (value)
#define FLAG(member) SET(bool, member, true)
#define TEXT(member, sentence) .parse = set_text, MEMBER(const char *, member), .expected = (sentence)
#define FILE_NAME(member) TEXT(member, "the name of a file is expected")
#define NUMBER(type, member, least, most) \
	.parse = set_number, MEMBER(type, member), .min = (least), .max = (most)
#define WORD(type, member, table, first, last, sentence)                                           \
	.parse = set_word, MEMBER(type, member), .words = &(table), .min = (first), .max = (last), \
	.expected = (sentence)
#define CHOICE(member) WORD(enum choice, member, choice_names, CHOICE_ON, CHOICE_OFF, "on or off is expected")
#define SIZE(member) .parse = set_size, MEMBER(uint64_t, member)
#define PAGE(member) .parse = set_page, MEMBER(uint64_t, member)
#define ENDS(command) .parse = set_end, .min = (command)
#define FUNCTION(...) .parse = __VA_ARGS__

const struct option_spec option_table[OPTION_COUNT] = {
#define OPTION(id, long_name, argument, flags, kind, ...)                                          \
	[OPTION_##id] = {                                                                          \
		.name = (long_name), .arg = (argument), .bits = (flags), kind, .help = __VA_ARGS__ \
	},
#include "vmm/cli/options.def"
#undef OPTION
};

/* --resume needs the class of each option of a sweep. */
#define ONE_CLASS(bits) ((bits) == IN_PLAN || (bits) == BESIDE_PLAN || (bits) == OF_THIS_CALL)
#define OPTION(id, long_name, argument, flags, ...)                                  \
	_Static_assert(((flags)&FOR_SWEEP) == 0 || ONE_CLASS((flags)&SWEEP_CLASSES), \
		       "--" long_name " of a sweep: IN_PLAN, BESIDE_PLAN or OF_THIS_CALL is missing");
#include "vmm/cli/options.def"
#undef OPTION

_Static_assert(RESULT_MAX_SAMPLES == 896 && GUEST_MAX_VCPUS == 128, "the help text names these limits");

int option_find(const char *name, unsigned int bits)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_spec *o = &option_table[id];

		if ((o->bits & bits) != 0 &&
		    (strcmp(o->name, name) == 0 || (o->alias != NULL && strcmp(o->alias, name) == 0)))
			return id;
	}
	return -1;
}

int option_parse(struct parse *p, int id, const char *value)
{
	const struct option_spec *o = &option_table[id];

	p->option = o;
	p->r->given[id] = true;
	if (o->help_command == COMMAND_RUN || strcmp(value, "help") != 0)
		return o->parse(p, value);
	p->r->command = o->help_command;
	p->r->help_topic = o->name;
	p->done = true;
	return 0;
}

bool request_has_plan(const struct request *r)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		if (r->given[id] && (option_table[id].bits & IN_PLAN) != 0)
			return true;
	}
	return false;
}

void options_carry(const struct request *given, struct request *r)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_spec *o = &option_table[id];

		if ((o->bits & OF_THIS_CALL) == 0 && ((o->bits & BESIDE_PLAN) == 0 || !given->given[id]))
			continue;
		memcpy((char *)r + o->at, (const char *)given + o->at, o->bytes);
		r->given[id] = given->given[id];
	}
}
