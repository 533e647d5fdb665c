/*
 * Property: what a guest does to ports and memory is answered, counted and named within fixed bounds, and a panic is
 * one readable message. It could break because exit reasons, vectors, addresses and bytes all come from outside.
 */
#include <linux/kvm.h>
#include <unistd.h>

#include "test.h"
#include "vmm/core/machine/internal.h"
#include "x86.h"

TEST(exit_names_are_bounded)
{
	assert_string_equal(exit_name(KVM_EXIT_IO), "KVM_EXIT_IO");
	assert_string_equal(exit_name(KVM_EXIT_SHUTDOWN), "KVM_EXIT_SHUTDOWN");
	assert_string_equal(exit_name(9999), "unknown");
	assert_string_equal(exit_name(UINT32_MAX), "unknown");
}

TEST(a_lowered_task_priority_is_no_end)
{
	struct kvm_run run = { .exit_reason = KVM_EXIT_SET_TPR };
	struct kvm_vcpu vcpu = { .run = &run };
	struct vcpu_task task = { .vcpu = &vcpu };
	struct error e = { .status = STATUS_OK };

	assert_int_equal(exit_serve(&task, &e), 0);
	run.exit_reason = KVM_EXIT_S390_RESET;
	assert_true(exit_serve(&task, &e) < 0);
	assert_non_null(strstr(e.what, "unknown"));
}

/* A run area with room for what KVM puts behind the structure. */
static struct {
	struct kvm_run run;
	uint32_t data[8];
} area;

static int serve_io(uint16_t port, uint8_t direction, uint8_t size, uint32_t count, struct machine *m)
{
	struct kvm_vcpu vcpu = { .run = &area.run };
	struct vcpu_task task = { .machine = m, .vcpu = &vcpu };
	struct error e = { .status = STATUS_OK };

	area.run.exit_reason = KVM_EXIT_IO;
	area.run.io.port = port;
	area.run.io.direction = direction;
	area.run.io.size = size;
	area.run.io.count = count;
	area.run.io.data_offset = (unsigned char *)area.data - (unsigned char *)&area.run;
	memset(area.data, 0x5a, sizeof(area.data));
	return exit_serve(&task, &e);
}

/* A 32-bit out to the doorbell. */
static int ring(struct machine *m, uint32_t number)
{
	struct kvm_vcpu vcpu = { .run = &area.run };
	struct vcpu_task task = { .machine = m, .vcpu = &vcpu };
	struct error e = { .status = STATUS_OK };
	int ret;

	area.run.exit_reason = KVM_EXIT_IO;
	area.run.io.port = PORT_DOORBELL;
	area.run.io.direction = KVM_EXIT_IO_OUT;
	area.run.io.size = 4;
	area.run.io.count = 1;
	area.run.io.data_offset = (unsigned char *)area.data - (unsigned char *)&area.run;
	area.data[0] = number;
	ret = exit_serve(&task, &e);
	if (number == 99)
		assert_non_null(strstr(e.what, "unknown doorbell 99"));
	assert_int_equal(task.done, number == DOORBELL_VCPU_DONE);
	return ret;
}

TEST(empty_ports_are_answered_and_leave_no_trace)
{
	static const uint16_t ports[] = { PORT_USER, PORT_KERNEL };
	struct machine *m = calloc(1, sizeof(*m));
	struct machine_report *report = calloc(1, sizeof(*report));

	assert_non_null(m);
	assert_non_null(report);
	m->report = report;
	assert_int_equal(pthread_mutex_init(&m->lock, NULL), 0);
	/* Held: code that takes it on the way would hang, and the alarm ends that. */
	assert_int_equal(pthread_mutex_lock(&m->lock), 0);
	(void)alarm(10);
	LOOP (size_t, i, 0, i < 2, i++) {
		assert_int_equal(serve_io(ports[i], KVM_EXIT_IO_OUT, 4, 1, m), 0);
		assert_int_equal(serve_io(ports[i], KVM_EXIT_IO_IN, 4, 7, m), 0);
		assert_int_equal(area.data[0], 0);
		assert_int_equal(area.data[6], 0);
		assert_int_equal(area.data[7], 0x5a5a5a5a);
	}
	(void)alarm(0);
	assert_int_equal(pthread_mutex_unlock(&m->lock), 0);
	assert_int_equal(report->strays.total, 0);
	/* Another width is not that port. */
	assert_int_equal(serve_io(PORT_USER, KVM_EXIT_IO_OUT, 2, 1, m), 0);
	assert_int_equal(serve_io(PORT_KERNEL, KVM_EXIT_IO_IN, 1, 1, m), 0);
	assert_int_equal(report->strays.total, 2);
	assert_int_equal(pthread_mutex_destroy(&m->lock), 0);
	free(report);
	free(m);
}

static int told;

static int doorbell(void *self, const struct machine_view *view, uint32_t vcpu, uint32_t number,
		    struct error *e)
{
	(void)e;
	assert_ptr_equal(self, &told);
	assert_non_null(view);
	assert_int_equal(vcpu, 0);
	told = (int)number;
	return 0;
}

/* An observer is told of a phase's doorbells; a number that is none of them ends the machine. */
TEST(doorbells_reach_the_observer)
{
	const struct machine_observer observer = { .self = &told, .doorbell = doorbell };
	const struct machine_observer deaf = { .self = NULL };
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->observer = &observer;
	LOOP (uint32_t, number, DOORBELL_MAIN, number <= DOORBELL_EMPTY, number++) {
		assert_int_equal(ring(m, number), 0);
		assert_int_equal(told, number);
	}
	assert_true(m->main_ns != 0);
	assert_int_equal(ring(m, DOORBELL_VCPU_DONE), 0);
	assert_int_equal(told, DOORBELL_EMPTY);
	assert_true(ring(m, 99) < 0);
	m->observer = &deaf;
	assert_int_equal(ring(m, DOORBELL_BEGIN), 0);
	free(m);
}

TEST(vector_names_are_bounded)
{
	assert_string_equal(vector_name(VECTOR_PF), "#PF page fault");
	assert_string_equal(vector_name(31), "reserved");
	assert_string_equal(vector_name(UINT64_MAX), "reserved");
}

TEST(a_page_fault_reads_as_one_sentence)
{
	const struct panic_record p = {
		.vector = VECTOR_PF, .error_code = 6, .rip = 0x201234, .cs = SEL_USER_CS, .cr2_gva = 0x10
	};
	char text[480];

	panic_format(&p, text, sizeof(text));
	assert_non_null(strstr(text, "#PF page fault"));
	assert_non_null(strstr(text, "write of 0x10 (not mapped)"));
	assert_non_null(strstr(text, "rip 0x201234 in ring 3"));
}

TEST(the_longest_panic_fits)
{
	struct panic_record p;
	char text[480];

	memset(&p, 0xff, sizeof(p));
	p.vector = VECTOR_PF;
	panic_format(&p, text, sizeof(text));
	assert_non_null(strstr(text, "rbp 0xffffffffffffffff"));
}

TEST(the_console_is_bounded_and_printable)
{
	struct console *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	for (const char *p = "ok\r\n\033[2J\x80"; *p != '\0'; p++)
		console_put(c, (unsigned char)*p);
	assert_string_equal(c->text, "ok\n?[2J?");
	for (uint32_t i = 0; i < CONSOLE_MAX_BYTES + 100; i++)
		console_put(c, 'x');
	assert_int_equal(c->used, CONSOLE_MAX_BYTES);
	assert_int_equal(c->dropped_bytes, 108);
	assert_int_equal(c->text[CONSOLE_MAX_BYTES], '\0');
	free(c);
}

TEST(strays_are_counted_by_place)
{
	struct stray_log log = { .total = 0 };
	char text[80];

	for (uint32_t i = 0; i < 3; i++)
		stray_note(&log, false, true, 0x1234);
	stray_note(&log, true, false, 0xd0000000);
	for (uint64_t i = 0; i < 1000; i++)
		stray_note(&log, true, true, 0xe0000000 + i);
	assert_int_equal(log.total, 1004);
	assert_int_equal(log.places, STRAY_MAX_PLACES);
	assert_string_equal(stray_describe(&log.place[0], text), "wrote port 0x1234 (3 times)");
	assert_string_equal(stray_describe(&log.place[1], text), "read MMIO address 0xd0000000 (1 time)");
}
