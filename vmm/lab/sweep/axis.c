/*
 * What each axis takes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/lab/sweep/axis.h"
#include "vmm/util/size.h"

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

static uint64_t page_of(const struct axis_backing *b)
{
	return b->page_bytes != 0 ? b->page_bytes : backing_type(b->kind)->default_page_bytes;
}

/* "hugetlb:1G"; not a path. */
static int parse_kind(const char *item, struct axis_backing *b)
{
	const char *colon = strchrnul(item, ':');
	char kind[16];
	int found;

	(void)snprintf(kind, sizeof(kind), "%.*s", (int)(colon - item), item);
	found = name_find(&backing_names, kind);
	if (found < 0 || found == BACKING_FILE)
		return -EINVAL;
	*b = (struct axis_backing){ .kind = (enum backing_kind)found };
	if (*colon == '\0')
		return 0;
	if (page_size_parse(colon + 1, &b->page_bytes) != 0 ||
	    !backing_type_has_page(backing_type(b->kind), b->page_bytes))
		return -EINVAL;
	return 0;
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

	if (b->path != NULL)
		(void)snprintf(text, AXIS_ITEM_BYTES, "path:%s", b->path);
	else
		(void)snprintf(text, AXIS_ITEM_BYTES, "%s%s%s", backing_name(b->kind), named ? ":" : "",
			       named ? size_format(page_of(b), page) : "");
}

static int take_populate(struct sweep_spec *s, const char *item, uint32_t at)
{
	int found = name_find(&populate_names, item);

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
	(void)snprintf(text, AXIS_ITEM_BYTES, "%s", populate_name(s->populates[at]));
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
	int found = name_find(&choice_names, item);

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
	(void)snprintf(text, AXIS_ITEM_BYTES, "%s", choice_name(s->irqchips[at]));
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
