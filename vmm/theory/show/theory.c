#include "vmm/theory/show/theory.h"

#include <errno.h>

#include "vmm/output/json.h"
#include "vmm/theory/show/emit_list.h"
#include "vmm/theory/show/emit_scale.h"
#include "vmm/theory/show/emit_simulation.h"
#include "vmm/theory/show/emit_table.h"

int theory_emit_text(const struct theory *t, FILE *out)
{
	int ret = 0;

	if (t->table != NULL)
		ret = table_emit_text(t->table, out);
	if (ret == 0 && t->list != NULL)
		ret = list_emit_text(t->list, out);
	if (ret == 0 && t->scale != NULL)
		ret = scale_emit_text(t->scale, out);
	if (ret == 0 && t->scale != NULL && t->simulation != NULL)
		(void)fputc('\n', out);
	if (ret == 0 && t->simulation != NULL)
		ret = text_simulation(t->simulation->cpu, t->simulation->rows, t->simulation->count, out);
	if (ret == 0 && (fflush(out) != 0 || ferror(out) != 0))
		ret = errno != 0 ? -errno : -EIO;
	return ret;
}

int theory_emit_json(const struct theory *t, FILE *out)
{
	json_t *o = json_object(), *command = json_array();

	for (int i = 0; i < t->argc; i++)
		json_push(&command, json_words(t->argv[i]));
	json_put(&o, "schema", json_string(MODEL_SCHEMA));
	json_put(&o, "minivmm_version", json_words(MINIVMM_VERSION));
	json_put(&o, "command", command);
	json_put(&o, "table", t->table != NULL ? table_json(t->table) : json_null());
	json_put(&o, "list", t->list != NULL ? list_json(t->list) : json_null());
	json_put(&o, "scale", t->scale != NULL ? scale_json(t->scale) : json_null());
	json_put(&o, "simulation",
		 t->simulation != NULL
			 ? simulation_json(t->simulation->cpu, t->simulation->rows, t->simulation->count)
			 : json_null());
	return json_finish(o, out);
}
