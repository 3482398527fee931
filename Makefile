# SPDX-License-Identifier: GPL-2.0-only
ifneq ($(KERNELRELEASE),)

# Inside of a kernel build. Out of tree, its configuration does not know us.
ifdef KBUILD_EXTMOD
kmem-suites := STRDUP ZERO CACHE CROSS_CACHE POISON EXAMPLE
export CONFIG_KMEM_KUNIT_HELPERS := m
$(foreach s,$(kmem-suites),$(eval export CONFIG_KMEM_$(s)_KUNIT_TEST := m))
endif

obj-y += lib/

endif
