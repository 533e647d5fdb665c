/*
 * What tlb-probe found, as JSON and text.
 */
#ifndef MINIVMM_LAB_RECORD_EMIT_TLB_H
#define MINIVMM_LAB_RECORD_EMIT_TLB_H

#include <jansson.h>
#include <stdio.h>

#include "vmm/lab/record/record.h"

/* The member `tlb` of the record; null where there was no tlb-probe. */
json_t *tlb_json(const struct record *rec);

/* The findings as sentences, each with its evidence; nothing where there are none. */
void text_tlb(const struct record *rec, FILE *out);

#endif
