/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device whose resources write down when they are released, for the suites
 * about them.
 */
#ifndef _KMEM_DEVRES_H
#define _KMEM_DEVRES_H

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/string.h>
#include "kmem_device.h"
#include "kmem_kunit.h"

/* What was released, a letter each, and by which device. */
static struct {
	char letters[64];
	struct device *dev;
} diary;

static inline void write_down(char letter)
{
	size_t len = strlen(diary.letters);

	if (len < sizeof(diary.letters) - 1) {
		diary.letters[len] = letter;
		diary.letters[len + 1] = '\0';
	}
}

static inline struct device *make_watched(struct kunit *test)
{
	memset(&diary, 0, sizeof(diary));
	return make_device(test, "kmem_devres");
}

/* Expect what was released since the last look, in this order. */
static inline void expect_released(struct kunit *test, const char *letters)
{
	KUNIT_EXPECT_STREQ(test, diary.letters, letters);
	memset(diary.letters, 0, sizeof(diary.letters));
}

static inline void drop_and_expect_released(struct kunit *test, struct device *dev,
					    const char *letters)
{
	expect_released(test, "");
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
	expect_released(test, letters);
}

/* Who is called when something goes may sleep, and use the device. */
static inline void note_context(void)
{
	if (irqs_disabled())
		write_down('!');
}

static inline int match_address(struct device *dev, void *resource, void *address)
{
	return resource == address;
}

/* What is released, and that the device has it no more. */
static inline void note_release(struct device *dev, void *resource, dr_release_t kind)
{
	note_context();
	if (!irqs_disabled() && devres_find(dev, kind, match_address, resource))
		write_down('?');
	diary.dev = dev;
	write_down(*(char *)resource);
}

/* Two kinds of resources, told apart by their release functions. */
static inline void release(struct device *dev, void *resource)
{
	note_release(dev, resource, release);
}

static inline void release_other(struct device *dev, void *resource)
{
	note_release(dev, resource, release_other);
}

static inline char *alloc_resource(struct kunit *test, dr_release_t kind, char letter)
{
	char *resource = kind == release ? devres_alloc(release, 8, GFP_KERNEL) :
					   devres_alloc(release_other, 8, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, resource);
	*resource = letter;
	return resource;
}

/* Add a resource for each letter, large ones of the first kind, small of the other. */
static inline void add_resources(struct kunit *test, struct device *dev, const char *letters)
{
	for (; *letters; letters++)
		devres_add(dev, alloc_resource(test, *letters < 'a' ? release : release_other,
					       *letters));
}

#endif /* _KMEM_DEVRES_H */
