/*
 * A record into a file with one of the emitters.
 */
#include "vmm/lab/record/emit.h"
#include "vmm/output/output.h"

int emit_file(const struct record *rec, const char *path, int (*emit)(const struct record *, FILE *),
	      struct error *e)
{
	struct output output;
	int ret = output_open(&output, path, e);

	return ret != 0 ? ret : output_close(&output, emit(rec, output.stream), e);
}
