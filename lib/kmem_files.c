// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files: what the kernel tells its users about caches, /proc/slabinfo and those
 * of /sys/kernel/slab and /sys/kernel/debug/slab; what they may set, in /proc/sys;
 * and files of a case's own.
 *
 * Nobody mounts anything before built-in tests run, so they do it themselves.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uio.h>
#include "kmem_kunit.h"

static struct vfsmount *proc, *sysfs, *debugfs;

static struct vfsmount *mounted(struct kunit *test, struct vfsmount **mnt, const char *type)
{
	if (!*mnt) {
		struct vfsmount *new = kern_mount(get_fs_type(type));

		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(new), "cannot mount %s", type);
		*mnt = new;
	}
	return *mnt;
}

/* /proc/slabinfo and debugfs have no way to be read into kernel memory but seq_file's. */
static ssize_t read_some(struct file *file, char *buffer, size_t size, loff_t *pos)
{
	struct kvec vec = { .iov_base = buffer, .iov_len = size };
	struct iov_iter to;
	struct kiocb iocb;
	ssize_t len;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *pos;
	iov_iter_kvec(&to, READ, &vec, 1, size);
	len = file->f_op->read_iter ? file->f_op->read_iter(&iocb, &to) : seq_read_iter(&iocb, &to);
	*pos = iocb.ki_pos;
	return len;
}

/* All of a file, of which there is at most @size - 1; NULL if there is none. */
static char *read_file(struct kunit *test, struct vfsmount *mnt, const char *path, size_t size)
{
	struct file *file = file_open_root_mnt(mnt, path, O_RDONLY, 0);
	size_t used = 0;
	ssize_t len;
	loff_t pos = 0;
	char *text;

	if (IS_ERR(file))
		return NULL;
	text = kunit_kzalloc(test, size, GFP_KERNEL);
	do {
		len = text ? read_some(file, text + used, size - 1 - used, &pos) : -ENOMEM;
		used += max_t(ssize_t, len, 0);
	} while (len > 0);
	__fput_sync(file);
	KUNIT_ASSERT_EQ_MSG(test, len, 0, "cannot read %s", path);
	return text;
}

/**
 * kmem_slabinfo_is_there() - Is there a /proc/slabinfo?
 *
 * Return: whether the kernel is configured for it.
 */
bool kmem_slabinfo_is_there(void)
{
	return IS_ENABLED(CONFIG_PROC_FS) && IS_ENABLED(CONFIG_SLUB_DEBUG);
}
EXPORT_SYMBOL_GPL(kmem_slabinfo_is_there);

/* Source: print_slabinfo_header(), mm/slab_common.c, "Output format version". */
static const char * const columns[] = {
	"slabinfo - version: 2.1\n# name            ",
	" <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables ",
	" : tunables <limit> <batchcount> <sharedfactor> : slabdata ",
	" : slabdata <active_slabs> <num_slabs> <sharedavail>\n",
};

/**
 * kmem_slabinfo() - Read the line of a cache in /proc/slabinfo.
 * @test: the test context; skipped where there is no such file
 * @name: of the cache
 *
 * Return: the figures, those of the last one if several lines have the name.
 */
struct kmem_slabinfo kmem_slabinfo(struct kunit *test, const char *name)
{
	struct kmem_slabinfo info = {};
	size_t len = strlen(name);
	char *text, *line, *rest;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_PROC_FS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	text = read_file(test, mounted(test, &proc, "proc"), "slabinfo", SZ_64K);
	KUNIT_ASSERT_NOT_NULL(test, text);
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		KUNIT_ASSERT_NOT_NULL_MSG(test, strstr(text, columns[i]), "%.300s", text);
	KUNIT_ASSERT_PTR_EQ_MSG(test, strstr(text, columns[0]), text, "%.300s", text);
	KUNIT_EXPECT_NULL_MSG(test, strstr(text + 1, columns[0]), "a second header");
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, name, len) || line[len] != ' ')
			continue;
		info.lines++;
		KUNIT_EXPECT_EQ_MSG(test, 11,
				    sscanf(line + len,
					   "%lu %lu %u %u %u : tunables %u %u %u : slabdata %lu %lu %lu",
					   &info.active_objs, &info.num_objs, &info.objsize,
					   &info.objperslab, &info.pagesperslab, &info.limit,
					   &info.batchcount, &info.shared, &info.active_slabs,
					   &info.num_slabs, &info.sharedavail),
				    "cannot read \"%s\"", line);
	}
	kunit_kfree(test, text);
	return info;
}
EXPORT_SYMBOL_GPL(kmem_slabinfo);

static struct file *open_slabinfo(struct kunit *test)
{
	struct file *file;

	KMEM_REQUIRE(test, CONFIG_PROC_FS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	file = file_open_root_mnt(mounted(test, &proc, "proc"), "slabinfo", O_RDONLY, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

/**
 * kmem_slabinfo_read() - Read the beginning of /proc/slabinfo, once.
 * @test: the test context; skipped where there is no such file
 * @buffer: for what is read
 * @size: of that
 *
 * Return: how much was read, or a negative error.
 */
ssize_t kmem_slabinfo_read(struct kunit *test, char *buffer, size_t size)
{
	struct file *file = open_slabinfo(test);
	loff_t pos = 0;
	ssize_t len = read_some(file, buffer, size, &pos);

	__fput_sync(file);
	return len;
}
EXPORT_SYMBOL_GPL(kmem_slabinfo_read);

/**
 * kmem_slabinfo_mode() - Tell who may read /proc/slabinfo.
 * @test: the test context; skipped where there is no such file
 *
 * Return: the mode of the file.
 */
umode_t kmem_slabinfo_mode(struct kunit *test)
{
	struct file *file = open_slabinfo(test);
	const umode_t mode = file_inode(file)->i_mode;

	__fput_sync(file);
	return mode;
}
EXPORT_SYMBOL_GPL(kmem_slabinfo_mode);

/**
 * kmem_meminfo() - Read a figure of /proc/meminfo.
 * @test: the test context; skipped where there is no such file
 * @name: of the figure
 *
 * Return: the figure in kB; the case ends here if there is none.
 */
unsigned long kmem_meminfo(struct kunit *test, const char *name)
{
	unsigned long figure = 0;
	char *text, *line;
	int found;

	KMEM_REQUIRE(test, CONFIG_PROC_FS);
	text = read_file(test, mounted(test, &proc, "proc"), "meminfo", SZ_8K);
	KUNIT_ASSERT_NOT_NULL(test, text);
	line = strstr(text, name);
	KUNIT_ASSERT_NOT_NULL_MSG(test, line, "no %s", name);
	found = sscanf(line + strlen(name), ": %lu kB", &figure);
	KUNIT_ASSERT_EQ_MSG(test, found, 1, "%s", name);
	kunit_kfree(test, text);
	return figure;
}
EXPORT_SYMBOL_GPL(kmem_meminfo);

/**
 * kmem_vmallocinfo() - Read the line of an area in /proc/vmallocinfo.
 * @test: the test context; skipped where there is no such file, or it has no names
 * @words: what the line has, and that of no other area, such as " caller+"
 *
 * Return: the line; the case ends here if there is none.
 */
const char *kmem_vmallocinfo(struct kunit *test, const char *words)
{
	char *text, *line;

	KMEM_REQUIRE(test, CONFIG_PROC_FS);
	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	KMEM_REQUIRE(test, CONFIG_MMU);
	text = read_file(test, mounted(test, &proc, "proc"), "vmallocinfo", SZ_256K);
	KUNIT_ASSERT_NOT_NULL(test, text);
	line = strstr(text, words);
	KUNIT_ASSERT_NOT_NULL_MSG(test, line, "no line has \"%s\"", words);
	line[strcspn(line, "\n")] = '\0';
	while (line > text && line[-1] != '\n')
		line--;
	return line;
}
EXPORT_SYMBOL_GPL(kmem_vmallocinfo);

#define PATH_SIZE	320

static struct vfsmount *sysfs_path(struct kunit *test, char *path, const char *name,
				   const char *attribute)
{
	KMEM_REQUIRE(test, CONFIG_SYSFS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	snprintf(path, PATH_SIZE, "kernel/slab/%s/%s", name, attribute);
	return mounted(test, &sysfs, "sysfs");
}

/* The first line of a file of /sys/kernel/slab, of which at most @size - 1 bytes are read. */
static char *sysfs_text(struct kunit *test, const char *name, const char *attribute, size_t size)
{
	char path[PATH_SIZE], *text;
	struct vfsmount *mnt = sysfs_path(test, path, name, attribute);

	text = read_file(test, mnt, path, size);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/**
 * kmem_sysfs_text() - Read a file of /sys/kernel/slab.
 * @test: the test context; skipped where there are no such files
 * @name: of the cache
 * @attribute: name of the file
 *
 * Return: its first line, or NULL if there is no such file.
 */
char *kmem_sysfs_text(struct kunit *test, const char *name, const char *attribute)
{
	return sysfs_text(test, name, attribute, PAGE_SIZE + 1);
}
EXPORT_SYMBOL_GPL(kmem_sysfs_text);

/* no more than a number needs, to be had when memory is exhausted */
#define NUMBER_SIZE	32

/**
 * kmem_sysfs_number() - Read a number from a file of /sys/kernel/slab.
 * @test: the test context; skipped where there are no such files
 * @name: of the cache
 * @attribute: name of the file
 *
 * Return: the first number in it, or -1 if there is no such file or number.
 */
int kmem_sysfs_number(struct kunit *test, const char *name, const char *attribute)
{
	char *text = sysfs_text(test, name, attribute, NUMBER_SIZE);
	int number;

	if (!text)
		return -1;
	text[strcspn(text, " ")] = '\0';
	if (kstrtoint(text, 10, &number))
		number = -1;
	kunit_kfree(test, text);
	return number;
}
EXPORT_SYMBOL_GPL(kmem_sysfs_number);

static int write_file(struct vfsmount *mnt, const char *path, const char *text)
{
	struct file *file = file_open_root_mnt(mnt, path, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t len;

	if (IS_ERR(file))
		return PTR_ERR(file);
	len = kernel_write(file, text, strlen(text), &pos);
	__fput_sync(file);
	return len == strlen(text) ? 0 : min_t(ssize_t, len, -EIO);
}

/**
 * kmem_sysfs_store() - Write to a file of /sys/kernel/slab.
 * @test: the test context; skipped where there are no such files
 * @name: of the cache
 * @attribute: name of the file
 * @text: what to write
 *
 * Return: 0 if all of it was taken, or the error of open or write.
 */
int kmem_sysfs_store(struct kunit *test, const char *name, const char *attribute, const char *text)
{
	char path[PATH_SIZE];
	struct vfsmount *mnt = sysfs_path(test, path, name, attribute);

	return write_file(mnt, path, text);
}
EXPORT_SYMBOL_GPL(kmem_sysfs_store);

static struct vfsmount *sysctl_path(struct kunit *test, char *path, const char *name)
{
	KMEM_REQUIRE(test, CONFIG_SYSCTL);
	snprintf(path, PATH_SIZE, "sys/%s", name);
	return mounted(test, &proc, "proc");
}

/**
 * kmem_sysctl() - Read a number that an administrator may set.
 * @test: the test context; skipped where there is no /proc/sys
 * @name: its path there, such as "vm/overcommit_ratio"
 *
 * Return: the number; the case ends here if there is none.
 */
long kmem_sysctl(struct kunit *test, const char *name)
{
	char path[PATH_SIZE];
	struct vfsmount *mnt = sysctl_path(test, path, name);
	char *text = read_file(test, mnt, path, 32);
	long number;

	KUNIT_ASSERT_NOT_NULL_MSG(test, text, "no %s", path);
	KUNIT_ASSERT_EQ_MSG(test, kstrtol(text, 10, &number), 0, "%s: %s", path, text);
	kunit_kfree(test, text);
	return number;
}
EXPORT_SYMBOL_GPL(kmem_sysctl);

/**
 * kmem_sysctl_store() - Write what an administrator may set.
 * @test: the test context; skipped where there is no /proc/sys
 * @name: as in kmem_sysctl()
 * @text: what to write
 *
 * Return: 0 if all of it was taken, or the error of open or write.
 */
int kmem_sysctl_store(struct kunit *test, const char *name, const char *text)
{
	char path[PATH_SIZE];
	struct vfsmount *mnt = sysctl_path(test, path, name);

	return write_file(mnt, path, text);
}
EXPORT_SYMBOL_GPL(kmem_sysctl_store);

static void close_file(void *file)
{
	fput(file);
}

/**
 * kmem_sysfs_open() - Open a file of /sys/kernel/slab, and keep it open.
 * @test: the test context; skipped where there are no such files
 * @name: of the cache
 * @attribute: name of the file
 * @flags: O_RDONLY or O_WRONLY
 *
 * Return: the file, which is closed with the case; it ends here if there is none.
 */
struct file *kmem_sysfs_open(struct kunit *test, const char *name, const char *attribute, int flags)
{
	char path[PATH_SIZE];
	struct vfsmount *mnt = sysfs_path(test, path, name, attribute);
	struct file *file = file_open_root_mnt(mnt, path, flags, 0);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "cannot open %s", path);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, close_file, file), 0);
	return file;
}
EXPORT_SYMBOL_GPL(kmem_sysfs_open);

static struct vfsmount *debugfs_path(struct kunit *test, char *path, const char *name,
				     const char *list)
{
	KMEM_REQUIRE(test, CONFIG_DEBUG_FS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	snprintf(path, PATH_SIZE, "slab/%s/%s", name, list);
	return mounted(test, &debugfs, "debugfs");
}

/**
 * kmem_debugfs_text() - Read a file of /sys/kernel/debug/slab.
 * @test: the test context; skipped where there are no such files
 * @name: of the cache
 * @list: name of the file
 *
 * Return: all of it, or NULL if there is no such file.
 */
char *kmem_debugfs_text(struct kunit *test, const char *name, const char *list)
{
	char path[PATH_SIZE];

	return read_file(test, debugfs_path(test, path, name, list), path, SZ_128K);
}
EXPORT_SYMBOL_GPL(kmem_debugfs_text);

/**
 * kmem_debugfs_open() - Open a file of /sys/kernel/debug/slab.
 * @test: the test context; skipped where there are no such files
 * @name: of the cache
 * @list: name of the file
 *
 * Return: the file, for __fput_sync(), or an error.
 */
struct file *kmem_debugfs_open(struct kunit *test, const char *name, const char *list)
{
	char path[PATH_SIZE];
	struct vfsmount *mnt = debugfs_path(test, path, name, list);

	return file_open_root_mnt(mnt, path, O_RDONLY, 0);
}
EXPORT_SYMBOL_GPL(kmem_debugfs_open);

/**
 * kmem_anon_file() - Make a file without a place in any folder.
 * @test: the test context
 * @name: its name; its path is "anon_inode:" and that
 * @operations: what can be done with it
 * @data: its private data
 *
 * Return: the file, which is closed with the case; it ends here if there is none.
 */
struct file *kmem_anon_file(struct kunit *test, const char *name,
			    const struct file_operations *operations, void *data)
{
	struct file *file = anon_inode_getfile(name, operations, data, O_RDONLY);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_OR_NULL(file), "anon_inode_getfile() gave %ld",
			       (long)file);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, close_file, file), 0);
	return file;
}
EXPORT_SYMBOL_GPL(kmem_anon_file);

/**
 * kmem_file_read() - Read from the beginning of an open file.
 * @file: from kmem_sysfs_open()
 * @buffer: where to
 * @size: of the buffer
 *
 * Return: how many bytes were read, or the error.
 */
ssize_t kmem_file_read(struct file *file, char *buffer, size_t size)
{
	loff_t pos = 0;

	return read_some(file, buffer, size, &pos);
}
EXPORT_SYMBOL_GPL(kmem_file_read);

static char *command_line(struct kunit *test)
{
	char *line = read_file(test, mounted(test, &proc, "proc"), "cmdline", SZ_4K);

	KUNIT_ASSERT_NOT_NULL(test, line);
	return line;
}

/**
 * kmem_boot_has() - Is there a text in the kernel's command line?
 * @test: the test context
 * @text: the text
 *
 * Return: whether it is there; false without CONFIG_PROC_FS, as nobody can tell.
 */
bool kmem_boot_has(struct kunit *test, const char *text)
{
	char *line;
	bool found;

	if (!IS_ENABLED(CONFIG_PROC_FS))
		return false;
	line = command_line(test);
	found = strstr(line, text);
	kunit_kfree(test, line);
	return found;
}
EXPORT_SYMBOL_GPL(kmem_boot_has);

/**
 * kmem_boot_keeps_orders() - Does the boot spare large caches its debugging?
 * @test: the test context
 *
 * Return: whether there is an O in slab_debug= (or slub_debug=), with which no cache
 * keeps debugging data that would need larger slabs; false without CONFIG_PROC_FS.
 */
bool kmem_boot_keeps_orders(struct kunit *test)
{
	static const char * const names[] = { "slab_debug=", "slub_debug=" };
	bool found = false;
	unsigned int i;
	char *line;

	if (!IS_ENABLED(CONFIG_PROC_FS))
		return false;
	line = command_line(test);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const char *options = strstr(line, names[i]);

		if (options) {
			options += strlen(names[i]);
			found |= strcspn(options, "O") < strcspn(options, "\n,; ");
		}
	}
	kunit_kfree(test, line);
	return found;
}
EXPORT_SYMBOL_GPL(kmem_boot_keeps_orders);

static int __init kmem_files_init(void)
{
	return 0;
}

static void __exit kmem_files_exit(void)
{
	if (proc)
		kern_unmount(proc);
	if (sysfs)
		kern_unmount(sysfs);
	if (debugfs)
		kern_unmount(debugfs);
	kmem_user_exit();
}

module_init(kmem_files_init);
module_exit(kmem_files_exit);
