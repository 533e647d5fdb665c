/*
 * Old names of output/table.h, for the tables that are not converted yet.
 */
#ifndef MINIVMM_OUTPUT_GRID_H
#define MINIVMM_OUTPUT_GRID_H

#include "vmm/output/table.h"

#define grid table
#define GRID_CELL_BYTES TABLE_CELL_BYTES
#define grid_init table_init
#define grid_free table_free
#define grid_put table_put
#define grid_hide_constant table_hide_constant
#define grid_fit table_drop
#define grid_print table_print

#endif
