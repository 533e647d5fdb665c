#include "vmm/theory/simulate/row.h"

#include "alias_shape.h"
#include "units.h"

#define LINES_A_PAGE (PAGE_4K / CACHE_LINE_BYTES)

/* The same lines without the translations: what `data` of the closed form is. */
static int data_cycles(const struct simulation_input *input, double *cycles, struct error *e)
{
	struct simulation_input in = *input;
	struct simulation out;
	int ret;

	if (in.workload == WORKLOAD_alias)
		in.stride_bytes = CACHE_LINE_BYTES;
	else
		in.workload = WORKLOAD_packed;
	ret = simulate(&in, &out, e);
	if (ret == 0)
		*cycles = out.data_cycles_per_access;
	return ret;
}

static void put_closed_form(const struct simulation_input *input, double data, double constant,
			    struct simulation_row *row)
{
	struct closed_form_input in = {
		.cpu = input->cpu,
		.plan = input->plan,
		.pages = row->counts.pages,
		.data_lines = row->counts.pages,
		.data_cycles = data,
		.walk_constant_cycles = constant,
	};

	/* packed: 64 lines share a page, and which page comes next is as good as independent. */
	if (input->workload == WORKLOAD_packed) {
		in.pages = (in.pages + LINES_A_PAGE - 1) / LINES_A_PAGE;
		in.independent = true;
	}
	if (input->workload == WORKLOAD_alias) {
		in.data_lines = WINDOW_LINES_BYTES / CACHE_LINE_BYTES;
		if (input->stride_bytes == CACHE_LINE_BYTES)
			in.pages = 1;
	}
	closed_form(&in, &row->closed);
	row->have_closed = true;
}

int simulation_row_make(const struct simulation_input *input, double walk_constant_cycles,
			struct simulation_row *row, struct error *e)
{
	double data = 0;
	int ret;

	*row = (struct simulation_row){
		.plan = input->plan,
		.workload = input->workload,
		.working_set_bytes = input->working_set_bytes,
		.stride_bytes = input->stride_bytes,
	};
	ret = simulate(input, &row->counts, e);
	/* The closed form's pages follow each other, each with an entry of its own; those of alias share their tables. */
	if (ret != 0 || input->workload == WORKLOAD_gups ||
	    (input->workload == WORKLOAD_alias && input->stride_bytes != CACHE_LINE_BYTES))
		return ret;
	ret = data_cycles(input, &data, e);
	if (ret == 0)
		put_closed_form(input, data, walk_constant_cycles, row);
	return ret;
}
