/*
 * What a sweep is asked for, once its files were read: --resume without axes takes them from the interrupted sweep.
 */
#ifndef MINIVMM_CLI_RESUME_H
#define MINIVMM_CLI_RESUME_H

#include <jansson.h>

#include "vmm/cli/request.h"
#include "vmm/util/error.h"

struct resume {
	json_t *words; /* owned: the command that began it */
	char **argv;   /* owned; its words are borrowed from `words` */
};

/*
 * Fill *r, a copy of *given, with what is to be run. Strings of *r live until resume_free. 0, or -errno with *e set.
 */
int resume_request(const struct request *given, struct request *r, struct resume *resume, struct error *e);

void resume_free(struct resume *resume);

#endif
