/*
 * The gate: no vCPU goes on before all have arrived.
 */
#include "driver.h"

/*
 * The last to arrive opens the gate by starting a new generation; the others wait for that. The count is reset
 * before the generation changes, so that the gate can be used again at once by those who leave first.
 */
int gate_wait(const struct driver_env *env)
{
	struct gate *gate = env->gate;
	uint32_t generation = __atomic_load_n(&gate->generation, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&gate->arrived, 1, __ATOMIC_ACQ_REL) == env->vcpus) {
		__atomic_store_n(&gate->arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&gate->generation, generation + 1, __ATOMIC_RELEASE);
		return 0;
	}
	while (__atomic_load_n(&gate->generation, __ATOMIC_ACQUIRE) == generation) {
		if (env->stopped(env->self))
			return -1;
		__builtin_ia32_pause();
	}
	return 0;
}
