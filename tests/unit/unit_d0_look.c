// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of one look at a domain: what is read, what is written, and that
 * whatever fails on the way, the next look puts it right.
 */
#include "d0_fake.h"
#include "../../tools/lib/size.c"
#include "../../tools/dom0/d0_plan.c"
#include "../../tools/dom0/d0_look.c"

#define AT "/local/domain/5/memx/"
#define A 51712
#define B 51728

static int begin(void **state)
{
	fake_init();
	return mxt_setup(state);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, mxt_teardown)

static int look(void)
{
	struct d0_domain domain;
	int err = d0_look(&fake.store, 5, false, &domain);

	d0_domain_clear(&domain);
	return err;
}

/* Looks until nothing is left to be written. */
static void settle(void)
{
	unsigned int writes;

	assert_int_equal(look(), 0);
	writes = fake.writes;
	assert_int_equal(look(), 0);
	assert_int_equal(fake.writes, writes);
}

static void two_disks(void)
{
	fake_domain(5);
	fake_disk(0, 5, A, "vol=a,size=6G,reserve=1G");
	fake_disk(0, 5, B, "vol=b,size=2G");
}

static void shares(const char *key, const char *first, const char *second)
{
	assert_string_equal(fake_disk_get(0, 5, A, key), first);
	assert_string_equal(fake_disk_get(0, 5, B, key), second);
}

/* What is right for two_disks() with a reservation of 4G. */
static void right(void)
{
	assert_string_equal(fake_get(AT "reservation"), "4G");
	assert_string_equal(fake_get(AT "target-reservation"), "1073741824");
	assert_string_equal(fake_get(AT "asked"), "4294967296");
	assert_string_equal(fake_get(AT "state"), "asking");
	shares("reserve", "3221225472", "1073741824");
	shares("uuid", FAKE_UUID, FAKE_UUID);
}

static void d0_look__first(void **state)
{
	two_disks();
	fake_disk(0, 5, B + 16, "vol=c,size=2G");
	fake_put("/libxl/5/device/vbd/51744/script", "/etc/xen/scripts/block");
	settle();
	assert_string_equal(fake_get(AT "reservation"), "1073741824");
	assert_string_equal(fake_get(AT "target-reservation"), "1073741824");
	assert_string_equal(fake_get(AT "state"), "asking");
	assert_string_equal(fake_get(AT "used"), "0");
	assert_string_equal(fake_get(AT "error"), "");
	assert_string_equal(fake_get(AT "limit"), "");
	shares("reserve", "1073741824", "0");
	shares("uuid", FAKE_UUID, FAKE_UUID);
	/* a disk of another script is not touched */
	assert_string_equal(fake_disk_get(0, 5, B + 16, "uuid"), "");
}

static void d0_look__no_disk(void **state)
{
	unsigned int n;

	fake_domain(5);
	n = fake.now.n;
	settle();
	assert_int_equal(fake.now.n, n);
	assert_int_equal(fake.writes, 0);
}

static void d0_look__last_disk_gone(void **state)
{
	two_disks();
	settle();
	fake_put(AT "limit", "7G");
	settle();
	fake_disk_rm(0, 5, A);
	settle();
	assert_string_equal(fake_get(AT "reservation"), "");
	assert_string_equal(fake_disk_get(0, 5, B, "limit"), "7516192768");
	fake_disk_rm(0, 5, B);
	settle();
	assert_string_equal(fake_get(AT "state"), "");
	assert_string_equal(fake_get(AT "used"), "");
	assert_string_equal(fake_get(AT "limit"), "7G");
}

static void d0_look__set_and_answered(void **state)
{
	two_disks();
	settle();
	fake_put(AT "reservation", "4G");
	settle();
	right();
	fake_disk_put(0, 5, A, "reserve-state", "granted");
	fake_disk_put(0, 5, A, "granted", "3221225472");
	fake_disk_put(0, 5, B, "reserve-state", "granted");
	fake_disk_put(0, 5, B, "granted", "1073741824");
	fake_disk_put(0, 5, B, "used", "256");
	settle();
	assert_string_equal(fake_get(AT "state"), "granted");
	assert_string_equal(fake_get(AT "granted"), "4294967296");
	assert_string_equal(fake_get(AT "used"), "1048576");
	fake_disk_put(0, 5, B, "reserve-state", "refused");
	fake_disk_put(0, 5, B, "reserve-error", "no server has room");
	settle();
	assert_string_equal(fake_get(AT "state"), "refused");
	assert_string_equal(fake_get(AT "error"), "d51728: no server has room");
	fake_rm(AT "reservation");
	settle();
	shares("reserve", "1073741824", "0");
}

static void d0_look__volume_is_larger(void **state)
{
	two_disks();
	fake_put(AT "reservation", "8G");
	fake_disk_put(0, 5, B, "size", "6442450944");
	settle();
	shares("reserve", "4294967296", "4294967296");
	/* sizes that are none are not believed */
	fake_disk_put(0, 5, B, "size", "18446744073709551615");
	settle();
	shares("reserve", "6442450944", "2147483648");
	fake_disk_put(0, 5, B, "size", "-5");
	fake_disk_put(0, 5, B, "used", "99999999999999999999999999999999");
	fake_disk_put(0, 5, B, "granted", "many");
	settle();
	shares("reserve", "6442450944", "2147483648");
	assert_string_equal(fake_get(AT "used"), "0");
}

static void d0_look__nonsense(void **state)
{
	char big[500];

	two_disks();
	fake_put(AT "reservation", "8 elephants");
	settle();
	assert_string_equal(fake_get(AT "state"), "refused");
	assert_string_equal(fake_get(AT "error"),
			    "reservation '8 elephants' is no size (8G, 512M, ...)");
	assert_string_equal(fake_get(AT "reservation"), "8 elephants");
	shares("reserve", "", "");
	memset(big, '9', sizeof(big));
	big[sizeof(big) - 1] = 0;
	fake_put(AT "reservation", big);
	settle();
	assert_string_equal(fake_get(AT "state"), "refused");
	fake_put(AT "reservation", "4G");
	settle();
	right();
}

/* A driver domain has its own node; it says what it likes about others' there. */
static void d0_look__other_backends(void **state)
{
	char path[FAKE_PATH];

	two_disks();
	/* its own claim to a disk that the toolstack does not know */
	fake_put("/local/domain/7/backend/vbd/5/51744/script", "block-memx");
	/* a record of the toolstack for another number, another kind, another place */
	fake_disk(7, 5, 51760, "vol=x,size=1G");
	fake_put("/libxl/5/device/vbd/51760/backend", "/local/domain/7/backend/vbd/6/51760");
	fake_disk(7, 5, 51776, "vol=x,size=1G");
	fake_put("/libxl/5/device/vbd/51776/backend", "/local/domain/7/backend/vif/5/51776");
	fake_disk(7, 5, 51792, "vol=x,size=1G");
	fake_put("/libxl/5/device/vbd/51792/backend", "/local/domain/7/backend/vbd/5/51792/../../6");
	fake_put("/libxl/5/device/vbd/x/script", "block-memx");
	/* and a good one */
	fake_disk(7, 5, 51808, "vol=c,size=8G");
	fake_put(AT "reservation", "4G");
	settle();
	assert_string_equal(fake_disk_get(7, 5, 51744, "uuid"), "");
	assert_string_equal(fake_disk_get(7, 5, 51760, "uuid"), "");
	assert_string_equal(fake_disk_get(7, 5, 51776, "uuid"), "");
	assert_string_equal(fake_disk_get(7, 5, 51792, "uuid"), "");
	assert_string_equal(fake_disk_get(7, 5, 51808, "uuid"), FAKE_UUID);
	assert_string_equal(fake_disk_get(7, 5, 51808, "reserve"), "2147483648");
	shares("reserve", "1610612736", "536870912");
	/* vbd3 is the same */
	fake_disk_path(path, 7, 5, 51808);
	fake_rm(path);
	fake_put("/local/domain/7/backend/vbd3/5/51808/script", "block-memx");
	fake_put("/libxl/5/device/vbd/51808/backend", "/local/domain/7/backend/vbd3/5/51808");
	settle();
	assert_string_equal(fake_get("/local/domain/7/backend/vbd3/5/51808/memx/reserve"), "2147483648");
}

static void hotplug_put(const char *name, const char *value)
{
	char home[FAKE_PATH], path[2 * FAKE_PATH];

	fake_disk_path(home, 7, 5, A);
	snprintf(path, sizeof(path), "%s/hotplug-%s", home, name);
	fake_put(path, value);
}

/* Why a disk is not there is told whoever serves it; of one that is, nothing. */
static void d0_look__script_failed(void **state)
{
	fake_domain(5);
	fake_disk(7, 5, A, "vol=a,size=lots");
	fake_disk_put(7, 5, A, "error", "early words");
	settle();
	assert_non_null(strstr(fake_get(AT "error"), "d51712: early words"));
	fake_disk_put(7, 5, A, "state", "waiting");
	settle();
	assert_null(strstr(fake_get(AT "error"), "early words"));
	hotplug_put("error", "memx: bad target: no size\n");
	settle();
	assert_null(strstr(fake_get(AT "error"), "no size"));
	hotplug_put("status", "error");
	settle();
	assert_non_null(strstr(fake_get(AT "error"), "d51712: memx: bad target: no size?"));
	assert_string_equal(fake_get(AT "state"), "none");
	hotplug_put("status", "connected");
	settle();
	assert_null(strstr(fake_get(AT "error"), "no size"));
}

/* Nor has it a part of what the domain's disks share. */
static void d0_look__failed_disk_has_no_part(void **state)
{
	two_disks();
	fake_disk(7, 5, 51744, "vol=c,size=8G");
	fake_put(AT "reservation", "4G");
	settle();
	shares("reserve", "1610612736", "536870912");
	fake_put("/local/domain/7/backend/vbd/5/51744/hotplug-status", "error");
	fake_put("/local/domain/7/backend/vbd/5/51744/hotplug-error", "no room");
	settle();
	shares("reserve", "3221225472", "1073741824");
	assert_string_equal(fake_disk_get(7, 5, 51744, "reserve"), "");
	right();
}

/* A driver domain that has ended takes its nodes with it; nothing is written there. */
static void d0_look__driver_domain_gone(void **state)
{
	struct d0_domain domain;

	two_disks();
	fake_put("/local/domain/7/name", "memxdd");
	fake_disk(7, 5, 51744, "vol=c,size=8G");
	settle();
	fake_rm("/local/domain/7/backend");
	settle();
	assert_string_equal(fake_get(AT "error"), "");
	fake_rm("/local/domain/7");
	settle();
	assert_non_null(strstr(fake_get(AT "error"), "d51744: domain 7, which served it, is gone"));
	assert_false(fake_there(&fake.now, "/local/domain/7"));
	shares("uuid", FAKE_UUID, FAKE_UUID);
	fake_disk_rm(0, 5, A);
	fake_disk_rm(0, 5, B);
	settle();
	assert_non_null(strstr(fake_get(AT "error"), "d51744: domain 7"));
	assert_string_equal(fake_get(AT "state"), "");
	assert_int_equal(d0_domain_read(&fake.store, 5, &domain), 0);
	assert_true(d0_domain_matters(&domain));
	d0_domain_clear(&domain);
	fake_rm("/libxl/5/device/vbd/51744");
	settle();
	assert_string_equal(fake_get(AT "error"), "");
}

static void d0_look__no_domain(void **state)
{
	assert_int_equal(look(), -ENOENT);
	fake_domain(5);
	fake_put("/local/domain/5/vm", "/vm/../../../etc/passwd-and-more-than-enough");
	assert_int_equal(look(), -ENOENT);
	fake_put("/local/domain/5/vm", "/vm/01234567-89AB-cdef-0123-456789abcdef");
	assert_int_equal(look(), -ENOENT);
	assert_int_equal(fake.writes, 0);
}

static void disk_goes(void)
{
	fake_disk_rm(0, 5, A);
}

static void backend_goes(void)
{
	char path[FAKE_PATH];

	fake_disk_path(path, 0, 5, A);
	fake_rm(path);
}

static void domain_goes(void)
{
	fake_rm("/local/domain/5");
	fake_rm("/libxl/5");
	backend_goes();
	fake_rm("/local/domain/0/backend/vbd/5");
}

/* Nothing comes to life again by being written to. */
static void d0_look__goes_meanwhile(void **state)
{
	two_disks();
	fake_put(AT "reservation", "4G");
	fake.meanwhile = disk_goes;
	assert_int_equal(look(), 0);
	assert_false(fake_there(&fake.now, "/local/domain/0/backend/vbd/5/51712"));
	assert_string_equal(fake_disk_get(0, 5, B, "reserve"), "2147483648");
	fake_init();
	two_disks();
	fake.meanwhile = backend_goes;
	assert_int_equal(look(), 0);
	assert_false(fake_there(&fake.now, "/local/domain/0/backend/vbd/5/51712"));
	fake_init();
	two_disks();
	fake.meanwhile = domain_goes;
	assert_int_equal(look(), -ENOENT);
	assert_int_equal(fake.now.n, 0);
}

static void d0_look__conflicts(void **state)
{
	two_disks();
	fake_put(AT "reservation", "4G");
	fake.conflicts = TRIES - 1;
	settle();
	right();
	fake_put(AT "reservation", "2G");
	fake.conflicts = TRIES;
	assert_int_equal(look(), -EAGAIN);
	shares("reserve", "3221225472", "1073741824");
	settle();
	shares("reserve", "1610612736", "536870912");
}

/* One backend's node that cannot be written costs only its own disk. */
static void d0_look__refused(void **state)
{
	static const int errs[] = { EACCES, EPERM, ENOSPC, EDQUOT, E2BIG };
	size_t i;

	for (i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		fake_init();
		two_disks();
		fake_put(AT "reservation", "4G");
		fake_disk_path(fake.fail_path, 0, 5, A);
		fake.fail_err = -errs[i];
		settle();
		assert_string_equal(fake_get(AT "state"), "refused");
		assert_non_null(strstr(fake_get(AT "error"),
				       "d51712: its backend's node cannot be written: "));
		shares("reserve", "", "1073741824");
		fake.fail_path[0] = 0;
		settle();
		right();
		assert_string_equal(fake_get(AT "error"), "");
	}
}

/* Any call fails in any way: nothing is half done, and the next look does all. */
static void d0_look__each_fails(void **state)
{
	static const int errs[] = { EACCES, EAGAIN, ENOSPC, ENOMEM, EINVAL, EIO };
	unsigned int i, n, calls;

	two_disks();
	fake_put(AT "reservation", "4G");
	look();
	calls = fake.ops;
	assert_true(calls > 30);
	for (i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		for (n = 1; n <= calls; n++) {
			fake_init();
			two_disks();
			fake_put(AT "reservation", "4G");
			fake.fail_op = n;
			fake.fail_err = -errs[i];
			look();
			fake.fail_op = 0;
			settle();
			right();
		}
	}
}

/* Killed before any call: another process finds all that it needs. */
static void d0_look__killed(void **state)
{
	unsigned int n, calls;

	two_disks();
	fake_put(AT "reservation", "4G");
	look();
	calls = fake.ops;
	for (n = 1; n <= calls; n++) {
		fake_init();
		two_disks();
		fake_put(AT "reservation", "4G");
		fake.die_op = n;
		assert_int_equal(look(), -EIO);
		assert_int_equal(fake.writes, 0);
		fake_disconnect();
		settle();
		right();
	}
}

static void d0_look__no_memory(void **state)
{
	unsigned int n;

	two_disks();
	for (n = 1; ; n++) {
		mxt_fail_nth(n);
		look();
		if (!mxt_failed())
			break;
	}
	assert_true(n > 1);
	mxt_fail_nth(0);
	fake_put(AT "reservation", "4G");
	settle();
	right();
}

static void d0_look__rights(void **state)
{
	struct d0_domain domain;

	two_disks();
	fake_put(AT "reservation", "4G");
	assert_int_equal(d0_look(&fake.store, 5, true, &domain), 0);
	d0_domain_clear(&domain);
	assert_int_equal(fake_find(&fake.now, AT "reservation")->secured, 5);
	assert_int_equal(fake_find(&fake.now, AT "state")->secured, 5);
	assert_int_equal(fake_find(&fake.now, AT "asked")->secured, 5);
}

static void d0_domains__numbers(void **state)
{
	unsigned int *domids, n;

	assert_int_equal(d0_domains(&fake.store, &domids, &n), 0);
	assert_int_equal(n, 0);
	free(domids);
	fake_domain(5);
	fake_domain(7);
	fake_put("/libxl/x", "");
	fake_put("/libxl/99999999999999999999", "");
	assert_int_equal(d0_domains(&fake.store, &domids, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(domids[0] + domids[1], 12);
	free(domids);
	mxt_fail_nth(2);
	assert_int_equal(d0_domains(&fake.store, &domids, &n), -ENOMEM);
}

static int set(const char *reservation, const char *limit, const char *weight)
{
	const char *text[D0_FIGURES] = { reservation, limit, weight };
	struct d0_domain after;
	int err = d0_set(&fake.store, 5, text, &after);

	mxt_log("%s", after.why);
	d0_domain_clear(&after);
	return err;
}

static void d0_set__good(void **state)
{
	two_disks();
	settle();
	assert_int_equal(set("4G", NULL, NULL), 0);
	settle();
	right();
	assert_int_equal(set(NULL, "5G", "9"), 0);
	assert_string_equal(fake_get(AT "reservation"), "4G");
	assert_string_equal(fake_get(AT "limit"), "5G");
	assert_string_equal(fake_get(AT "weight"), "9");
	assert_int_equal(set("", "", NULL), 0);
	assert_string_equal(fake_get(AT "reservation"), "");
	assert_string_equal(fake_get(AT "weight"), "9");
	settle();
	assert_string_equal(fake_get(AT "reservation"), "1073741824");
}

static void d0_set__refused(void **state)
{
	two_disks();
	settle();
	mxt_log_take();
	assert_int_equal(set("9G", NULL, NULL), -EINVAL);
	assert_string_equal(mxt_log_take(),
			    "reservation 9G is more than its disks have: 8G are asked for");
	assert_int_equal(set("4G", "3G", NULL), -EINVAL);
	assert_string_equal(mxt_log_take(), "limit 3G is less than reservation 4G: neither is changed");
	assert_int_equal(set(NULL, "512M", NULL), -EINVAL);
	assert_int_equal(set(NULL, NULL, "65"), -EINVAL);
	assert_string_equal(fake_get(AT "reservation"), "1073741824");
	assert_string_equal(fake_get(AT "weight"), "");
	fake_domain(5);
	fake_disk_rm(0, 5, A);
	fake_disk_rm(0, 5, B);
	assert_int_equal(set("1G", NULL, NULL), -ENODEV);
	fake_rm("/local/domain/5");
	assert_int_equal(set("1G", NULL, NULL), -ENOENT);
}

/* What another one has set meanwhile stays, and is looked at anew. */
static void lower(void)
{
	fake_put(AT "limit", "2G");
}

static void d0_set__meanwhile(void **state)
{
	two_disks();
	settle();
	fake.meanwhile = lower;
	assert_int_equal(set("4G", NULL, NULL), -EINVAL);
	assert_string_equal(fake_get(AT "limit"), "2G");
	assert_string_equal(fake_get(AT "reservation"), "1073741824");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(d0_look__first),
		TEST(d0_look__no_disk),
		TEST(d0_look__last_disk_gone),
		TEST(d0_look__set_and_answered),
		TEST(d0_look__volume_is_larger),
		TEST(d0_look__nonsense),
		TEST(d0_look__other_backends),
		TEST(d0_look__script_failed),
		TEST(d0_look__failed_disk_has_no_part),
		TEST(d0_look__driver_domain_gone),
		TEST(d0_look__no_domain),
		TEST(d0_look__goes_meanwhile),
		TEST(d0_look__conflicts),
		TEST(d0_look__refused),
		TEST(d0_look__each_fails),
		TEST(d0_look__killed),
		TEST(d0_look__no_memory),
		TEST(d0_look__rights),
		TEST(d0_domains__numbers),
		TEST(d0_set__good),
		TEST(d0_set__refused),
		TEST(d0_set__meanwhile),
	};

	return MXT_RUN(tests);
}
