/*
 * What all tables of a matrix have in common: which cell, and a figure with its interval.
 */
#include <inttypes.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/lab/sweep/text.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/append.h"

const char *text_backing(const struct matrix_cell *cell, char *buf)
{
	char page[24];

	buf[0] = '\0';
	if (cell->path[0] != '\0')
		append(buf, GRID_CELL_BYTES, "path:%s", cell->path);
	else if (strcmp(cell->backing, "hugetlb") == 0 || strcmp(cell->backing, "memfd") == 0)
		append(buf, GRID_CELL_BYTES, "%s:%s", cell->backing, size_format(cell->page_bytes, page));
	else
		append(buf, GRID_CELL_BYTES, "%s", cell->backing);
	return buf;
}

void text_put_config(struct grid *g, const struct matrix_cell *cell)
{
	char text[GRID_CELL_BYTES];

	grid_put(g, "%s", cell->native ? "native" : size_format(cell->guest_page_bytes, text));
	grid_put(g, "%s", text_backing(cell, text));
	grid_put(g, "%s", populate_name(cell->populate));
	grid_put(g, "%" PRIu32, cell->vcpus);
	grid_put(g, "%s", choice_name(cell->irqchip));
}

void text_fold_config(struct grid *g, uint32_t first, FILE *out)
{
	static const char *const names[CONFIG_COLUMNS] = { "guest page", "backing", "prealloc", "smp",
							   "kernel-irqchip" };
	char line[CONFIG_COLUMNS * (GRID_CELL_BYTES + 20)] = "", text[GRID_CELL_BYTES];

	for (uint32_t i = 0; i < CONFIG_COLUMNS; i++) {
		if (grid_hide_constant(g, first + i, text) && strcmp(text, "default") != 0)
			append(line, sizeof(line), "%s%s %s", line[0] != '\0' ? ", " : "", names[i], text);
	}
	if (line[0] != '\0')
		paragraph(out, "all", "%s", line);
}

void text_put_estimate(struct grid *g, const struct estimate *est, double scale)
{
	const double values[3] = { est->value, est->low, est->high };
	char text[GRID_CELL_BYTES];

	for (int i = 0; i < 3; i++) {
		if (est->count == 0) {
			grid_put(g, "-");
			continue;
		}
		format_real(values[i] * scale, text, sizeof(text));
		grid_put(g, "%s", text);
	}
}

double text_scale_of(const char *unit, const char **name)
{
	if (strcmp(unit, "bytes/s") == 0) {
		*name = "GB/s";
		return 1e-9;
	}
	if (strcmp(unit, "updates/s") == 0) {
		*name = "M upd/s";
		return 1e-6;
	}
	*name = "cycles";
	return 1;
}
