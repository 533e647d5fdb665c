/*
 * What each axis takes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "units.h"
#include "vmm/lab/sweep/axis.h"
#include "vmm/util/size.h"

static const char *const populates[] = {
	[POPULATE_LAZY] = "off", [POPULATE_PREALLOC] = "on", [POPULATE_PREFAULT] = "prefault"
};
static const char *const irqchips[] = {
	[CHOICE_DEFAULT] = "default", [CHOICE_ON] = "on", [CHOICE_OFF] = "off"
};

static const struct {
	const char *name;
	enum backing_kind kind;
	uint64_t page_bytes;  /* its own, without ":PAGE" */
	bool smaller, larger; /* 4K, or 1G, can be had, too */
} kinds[] = {
	{ "anon", BACKING_ANON, PAGE_4K, true, false },
	{ "thp", BACKING_THP, PAGE_2M, false, false },
	{ "hugetlb", BACKING_HUGETLB, PAGE_2M, false, true },
	{ "memfd", BACKING_MEMFD, PAGE_4K, true, true },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int take_guest_page(struct sweep_spec *s, const char *item, uint32_t at)
{
	uint64_t bytes;

	if (page_size_parse(item, &bytes) != 0)
		return -EINVAL;
	for (uint32_t i = 0; i < at; i++) {
		if (s->guest_pages_bytes[i] == bytes)
			return (int)i;
	}
	if (at < AXIS_MAX_VALUES)
		s->guest_pages_bytes[at] = bytes;
	return (int)at;
}

static void spell_guest_page(const struct sweep_spec *s, uint32_t at, char *text)
{
	(void)size_format(s->guest_pages_bytes[at], text);
}

static uint64_t own_page(enum backing_kind kind)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].kind == kind)
			return kinds[i].page_bytes;
	}
	return 0;
}

static uint64_t page_of(const struct axis_backing *b)
{
	return b->page_bytes != 0 ? b->page_bytes : own_page(b->kind);
}

/* "hugetlb:1G"; not a path. */
static int parse_kind(const char *item, struct axis_backing *b)
{
	size_t length = strcspn(item, ":");

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strlen(kinds[i].name) != length || strncmp(item, kinds[i].name, length) != 0)
			continue;
		*b = (struct axis_backing){ .kind = kinds[i].kind };
		if (item[length] == '\0')
			return 0;
		if (page_size_parse(item + length + 1, &b->page_bytes) != 0 ||
		    (b->page_bytes == PAGE_4K && !kinds[i].smaller) ||
		    (b->page_bytes == PAGE_2M && kinds[i].kind == BACKING_ANON) ||
		    (b->page_bytes == PAGE_1G && !kinds[i].larger))
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

static int take_backing(struct sweep_spec *s, const char *item, uint32_t at)
{
	/* A list in argv has no NUL behind each of its paths. */
	static char directories[AXIS_MAX_VALUES][AXIS_PATH_BYTES];
	struct axis_backing b = { .kind = BACKING_FILE };

	if (strncmp(item, "path:", 5) == 0) {
		b.path = item + 5;
		if (b.path[0] == '\0' || strlen(b.path) >= AXIS_PATH_BYTES)
			return -EINVAL;
	} else if (parse_kind(item, &b) != 0) {
		return -EINVAL;
	}
	for (uint32_t i = 0; i < at; i++) {
		const struct axis_backing *other = &s->backings[i];

		if (other->kind == b.kind &&
		    (b.path != NULL ? strcmp(b.path, other->path) == 0 : page_of(&b) == page_of(other)))
			return (int)i;
	}
	if (at < AXIS_MAX_VALUES) {
		if (b.path != NULL) {
			(void)snprintf(directories[at], AXIS_PATH_BYTES, "%s", b.path);
			b.path = directories[at];
		}
		s->backings[at] = b;
	}
	return (int)at;
}

static void spell_backing(const struct sweep_spec *s, uint32_t at, char *text)
{
	const struct axis_backing *b = &s->backings[at];
	bool named = b->kind == BACKING_HUGETLB || b->kind == BACKING_MEMFD;
	char page[24];

	if (b->path != NULL) {
		(void)snprintf(text, AXIS_ITEM_BYTES, "path:%s", b->path);
		return;
	}
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].kind == b->kind)
			(void)snprintf(text, AXIS_ITEM_BYTES, "%s%s%s", kinds[i].name, named ? ":" : "",
				       named ? size_format(page_of(b), page) : "");
	}
}

static int find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

static int take_populate(struct sweep_spec *s, const char *item, uint32_t at)
{
	int found = find_name(populates, COUNT(populates), item);

	if (found < 0)
		return -EINVAL;
	for (uint32_t i = 0; i < at; i++) {
		if ((int)s->populates[i] == found)
			return (int)i;
	}
	if (at < AXIS_MAX_VALUES)
		s->populates[at] = (enum populate)found;
	return (int)at;
}

static void spell_populate(const struct sweep_spec *s, uint32_t at, char *text)
{
	(void)snprintf(text, AXIS_ITEM_BYTES, "%s", populates[s->populates[at]]);
}

static int take_smp(struct sweep_spec *s, const char *item, uint32_t at)
{
	uint64_t count;

	if (number_parse(item, 1, GUEST_MAX_VCPUS, &count) != 0)
		return -EINVAL;
	for (uint32_t i = 0; i < at; i++) {
		if (s->smps[i] == count)
			return (int)i;
	}
	if (at < AXIS_MAX_VALUES)
		s->smps[at] = (uint32_t)count;
	return (int)at;
}

static void spell_smp(const struct sweep_spec *s, uint32_t at, char *text)
{
	(void)snprintf(text, AXIS_ITEM_BYTES, "%" PRIu32, s->smps[at]);
}

static int take_irqchip(struct sweep_spec *s, const char *item, uint32_t at)
{
	int found = find_name(irqchips, COUNT(irqchips), item);

	if (found < 0)
		return -EINVAL;
	for (uint32_t i = 0; i < at; i++) {
		if ((int)s->irqchips[i] == found)
			return (int)i;
	}
	if (at < AXIS_MAX_VALUES)
		s->irqchips[at] = (enum choice)found;
	return (int)at;
}

static void spell_irqchip(const struct sweep_spec *s, uint32_t at, char *text)
{
	(void)snprintf(text, AXIS_ITEM_BYTES, "%s", irqchips[s->irqchips[at]]);
}

const struct axis axis_table[AXES] = {
	{ "guest-page", "4K, 2M or 1G is expected, and --native for cells without a guest",
	  offsetof(struct sweep_spec, guest_page_count), take_guest_page, spell_guest_page },
	{ "backing",
	  "anon, thp, hugetlb:2M, hugetlb:1G, memfd, memfd:2M, memfd:1G or path:DIRECTORY (of less than 128 "
	  "characters, none a comma) is expected",
	  offsetof(struct sweep_spec, backing_count), take_backing, spell_backing },
	{ "prealloc", "off, on or prefault is expected", offsetof(struct sweep_spec, populate_count),
	  take_populate, spell_populate },
	{ "smp", "numbers from 1 to 128 are expected, as in 1,2 or 1-4",
	  offsetof(struct sweep_spec, smp_count), take_smp, spell_smp },
	{ "kernel-irqchip", "on, off or default is expected", offsetof(struct sweep_spec, irqchip_count),
	  take_irqchip, spell_irqchip },
};

_Static_assert(GUEST_MAX_VCPUS == 128 && AXIS_PATH_BYTES == 128, "the texts name these limits");

uint32_t axis_count(const struct sweep_spec *s, const struct axis *axis)
{
	uint32_t count;

	memcpy(&count, (const char *)s + axis->count_at, sizeof(count));
	return count;
}
