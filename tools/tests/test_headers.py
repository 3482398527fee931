# SPDX-License-Identifier: GPL-2.0-only
"""What is found of the API in the kernel's headers."""
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmem_kunit import headers
from kmem_kunit.errors import UserError

SLAB = r"""
/* void kin_comment(void); #define kin_comment(x) */
#define kmalloc_noprof(...)	_kmalloc_noprof(__VA_ARGS__)
#if 0 /* kernel-doc */
void *kdoc_only(size_t size);
#endif
#define kmalloc(size, flags)	alloc_hooks(kmalloc_noprof(size, flags))
#define KMALLOC_MAX_SIZE	(1UL << 22)
#define KMEM_CACHE(__struct, __flags)                                   \
	__kmem_cache_create_args(#__struct, sizeof(struct __struct),    \
			(__flags))
#define DECL_BUCKET_PARAMS(_size, _b)	size_t (_size), kmem_buckets *(_b)
void * __must_check krealloc_node_align_noprof(const void *objp,
					       DECL_TOKEN_PARAMS(new_size, token),
					       gfp_t flags, int nid) __realloc_size(2);
#define krealloc(...)	alloc_hooks(krealloc_node_align_noprof(__VA_ARGS__, NUMA_NO_NODE))
DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))
DEFINE_FREE(kfree_sensitive, void *, if (_T) kfree_sensitive(_T))

size_t ksize(const void *objp);
extern struct kmem_cache *kmalloc_caches[4];
#ifdef CONFIG_PRINTK
bool kmem_dump_obj(void *object);
#else
static inline bool kmem_dump_elsewhere(void *object) { return false; }
#endif
static __always_inline __alloc_size(1, 2) void *kmalloc_array(size_t n, size_t size, gfp_t flags)
{
	if (unlikely(check_mul_overflow(n, size, &bytes))) { return NULL; }
	return __kmalloc("{", flags);
}
static_assert(PAGE_SHIFT <= 20);
struct kmem_cache *
kmem_cache_create_usercopy(const char *name, unsigned int size, void (*ctor)(void *))
			__assume_slab_alignment __malloc;
static inline __alloc_size(1) struct a *kmem_style(void)
#ifdef CONFIG_ONE
{ return one(); }
#else
{ return other(); }
#endif
void __init kmem_cache_init_late(void);
"""


def make(folder: Path, **texts: str | bytes) -> Path:
    """Write headers, a "__" in a name being a "/", below include/linux of a kernel."""
    for name, text in texts.items():
        path = folder / "include/linux" / (name.replace("__", "/") + ".h")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def test_all_that_slab_h_declares(tmp_path: Path) -> None:
    assert sorted(headers.functions(make(tmp_path, slab=SLAB))) == [
        "KMEM_CACHE", "kmalloc", "kmalloc_array", "kmem_cache_create_usercopy",
        "kmem_cache_init_late", "kmem_dump_elsewhere", "kmem_dump_obj", "kmem_style", "krealloc",
        "ksize"]


def test_what_an_unknown_macro_swallows_does_not_go_unseen(tmp_path: Path) -> None:
    slab = "DEFINE_NEW(kfree, void *)\nsize_t ksize(const void *p);\n" \
           "DEFINE_GUARD(a, b)\nint kone(int);"
    assert sorted(headers.functions(make(tmp_path, slab=slab))) == ["DEFINE_NEW", "kone"]


def test_families_wherever_they_are(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        slab="void kvfree(const void *p);",
        zebra="char *kasprintf(gfp_t gfp, const char *fmt, ...);\nvoid kernel_free(void);",
        device__devres="void *devm_kmalloc(struct device *dev, size_t size); void devm_add(int);",
        rcu="#define kfree_rcu(ptr, rhf) kvfree_rcu_arg_2(ptr, rhf)\n"
            "#define kvfree_rcu_arg_2(ptr, rhf) kvfree_call_rcu(ptr)\nextern void kvfree(void *);",
        bug="void mem_dump_obj(void *object);\nvoid kobject_alloc(void);",
        skbuff="void kfree_skb(struct sk_buff *skb);",
        string="static inline void f(void) { kfree(x); }\nvoid *vmemdup_user(void);\n"
               "char *strndup_user(const char __user *, long);",
    )
    assert headers.functions(root) == {
        "kvfree": "slab.h", "mem_dump_obj": "bug.h", "devm_kmalloc": "device/devres.h",
        "kfree_rcu": "rcu.h", "strndup_user": "string.h", "vmemdup_user": "string.h",
        "kasprintf": "zebra.h"}
    assert list(headers.functions(root))[0] == "kvfree"


@pytest.mark.parametrize(("name", "public"), [
    ("kmalloc", "kmalloc"),
    ("kmalloc_noprof", "kmalloc"),
    ("__kmalloc_node_noprof", "kmalloc_node"),
    ("_kmalloc_array_noprof", "kmalloc_array"),
    ("__kmalloc_index", "kmalloc_index"),
    ("kmalloc_node_trace", "kmalloc_node"),
    ("kvfree_rcu_arg_1", "kvfree_rcu"),
    ("kfree_call_rcu_nolock", "kfree_rcu_nolock"),
    ("PASS_KMALLOC_PARAMS", ""),
    ("_PASS_TOKEN_PARAM", ""),
    ("KMEM_CACHE", "KMEM_CACHE"),
])
def test_public_names(name: str, public: str) -> None:
    assert headers.public(name) == public


def test_a_hostile_tree_is_read(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        slab=b"void *kone(size_t n\xff\xfe, int a);\n#define ktwo(\xffx, y) kone(x)\n"
             b"/* \x1b]0;evil\x07 */ int k\xc3\xa9(void);\nvoid ksix\xff(void);\n"
             b"#define kseven(a) \"open\n{{{ if (",
        huge=b"void kfree_huge(void);\n" + b" " * 5_000_000,
        **{"-L": "void kfree_option(void);", "new\nline\x1b": "void kfree_line(void);"},
    )
    os.mkfifo(root / "include/linux/mempool.h")
    (root / "include/linux/loop.h").symlink_to("loop.h")
    found = headers.functions(root)
    assert found.items() >= {"kone": "slab.h", "ktwo": "slab.h", "kseven": "slab.h",
                             "kfree_option": "-L.h", "kfree_line": "new\nline\x1b.h"}.items()
    assert "kfree_huge" not in found
    assert all(re.fullmatch(r"\w+", name, re.ASCII) for name in found)


def test_braces_that_an_ifdef_opens_twice(tmp_path: Path) -> None:
    source = ("#ifdef A\nstatic inline void kone(int a) {\n#else\nstatic inline void kone(void) {\n"
              "#endif\n}\nvoid ktwo(void);\n")
    assert sorted(headers.functions(make(tmp_path, slab=source))) == ["kone", "ktwo"]


def test_what_is_no_kernel(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no include/linux/slab.h"):
        headers.functions(tmp_path)
    (tmp_path / "include/linux/slab.h").mkdir(parents=True)
    with pytest.raises(UserError, match="no include/linux/slab.h"):
        headers.functions(tmp_path)


@settings(derandomize=True, max_examples=25, deadline=None)
@given(st.integers(0, len(SLAB)), st.integers(0, len(SLAB)), st.sampled_from("\"'/*{}()\\#,;\x00"))
def test_broken_headers_do_not_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, start: int, end: int, extra: str
) -> None:
    root = make(tmp_path_factory.mktemp("kernel"), slab=SLAB[:start] + extra + SLAB[end:])
    assert all(header == "slab.h" for header in headers.functions(root).values())


def test_defined(tmp_path: Path) -> None:
    root = make(tmp_path, slab="#define ONE 1\n # define TWO(x) x\n/* #define\n", a__b="#define Z")
    assert headers.defined(root, ["ONE", "TWO", "Z", "x"]) == {"ONE", "TWO", "Z"}


@pytest.mark.parametrize("series", ["6.1", "6.12", "7.2", "7.3"])
def test_nothing_is_overlooked(series: str, kernel_source: Callable[[str], Path]) -> None:
    """What the allocator exports and its headers declare is found, and each macro of theirs."""
    root = kernel_source(series)
    found = headers.functions(root)
    code = "".join((root / "mm" / name).read_text()
                   for name in ("slab_common.c", "slub.c", "mempool.c", "util.c"))
    exported = {headers.public(name) for name in re.findall(r"EXPORT_SYMBOL\w*\((\w+)\)", code)}
    own = "".join((root / headers.INCLUDE / name).read_text() for name in headers.OWN)
    own = re.sub(r"/\*.*?\*/", "", own, flags=re.DOTALL)
    declared = {name for name in exported if re.search(rf"\b{name}(?:_noprof)?\(", own)}
    macros = {headers.public(name) for name in re.findall(r"^#define (k\w+)\(", own, re.MULTILINE)}
    assert len(declared) > 30 and "ksize" in declared
    assert not {name for name in declared | macros if name} - set(found) - NOT_PUBLIC


# has no form but kvmalloc_array_node_noprof()
NOT_PUBLIC = {"kvmalloc_array_node"}
